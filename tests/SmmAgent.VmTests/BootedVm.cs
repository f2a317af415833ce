using System.Text.Json;
using System.Text.Json.Nodes;
using SmmAgent.Bed;

namespace SmmAgent.VmTests;

/// <summary>
/// The bed's VM as a booted system: real systemd as process 1, journald, D-Bus and the agent's units, in the VM's network namespace.
/// Its files are a throw-away layer above the root, so every boot is a first one.
/// </summary>
public sealed class BootedVm : IAsyncDisposable
{
    private const string SystemPath = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    private static readonly string[] UnitFiles = [.. Directory.EnumerateFiles(VmRoot.Units).Select(Path.GetFileName).Order()!];

    private readonly MeshBed _bed;
    private readonly BedProcess _container;
    private int _init;

    private BootedVm(MeshBed bed)
    {
        _bed = bed;
        _container = new BedProcess(
        [
            "systemd-nspawn", "--quiet", "--boot", $"--directory={VmRoot.Path}", "--volatile=overlay", "--register=no", "--keep-unit",
            $"--machine={bed.Vm.Name}", "--console=pipe", "--capability=CAP_NET_ADMIN,CAP_NET_RAW",
            $"--network-namespace-path=/run/netns/{bed.Vm.Name}",
            $"--bind-ro={Programs.Agent}:/usr/bin/smm-agent", $"--bind-ro={bed.Folder}:/mnt",
            .. UnitFiles.Select(file => $"--bind-ro={VmRoot.Units}/{file}:{Installed(file)}"),
        ]);
    }

    /// <summary>Boots, and installs the agent as its package does; nothing is configured and nothing runs.</summary>
    public static async Task<BootedVm> StartAsync(MeshBed bed)
    {
        var vm = new BootedVm(bed);
        try
        {
            await Until.TrueAsync(vm.IsUp, "the VM is up", TimeSpan.FromSeconds(60), () => vm._container.Output);
            vm.Run("systemd-sysusers");
            vm.Run("systemd-tmpfiles", "--create", "smm-agent.conf");
            vm.Run("install", "-d", "-o", "root", "-g", "smm-agent", "-m", "0750", "/etc/smm");
            vm.Run("systemctl", "daemon-reload");
            return vm;
        }
        catch
        {
            await vm.DisposeAsync();
            throw;
        }
    }

    /// <summary>Does what an operator does before the first reconcile.</summary>
    public void Configure()
    {
        File.WriteAllText(Path.Combine(_bed.Folder, "token"), _bed.Mesh.Token + "\n");
        Run("smm-agent", "set", "dashboard-url", _bed.DashboardUrl, "--allow-plaintext");
        Run("smm-agent", "set", "workload-group", "vm-integration", "analytics-v0");
        Run("smm-agent", "set", "node-ip", MeshBed.VmAddress);
        Run("smm-agent", "set", "bearer-token", "--file", "/mnt/token");
    }

    /// <summary>Runs a command on the VM to its end, as root from a login would.</summary>
    public (int ExitCode, string Output) Try(params string[] command) => Shell.Try(Inside(command));

    /// <param name="atMost">For a command that is slow by intention.</param>
    public (int ExitCode, string Output) Try(TimeSpan atMost, params string[] command) => Shell.Try(atMost, Inside(command));

    private string[] Inside(string[] command) => ["nsenter", "--target", $"{_init}", "--all", "env", "-i", SystemPath, .. command];

    /// <summary>Has the daemon's unit run another program, until the next boot.</summary>
    public void ReplaceDaemon(string command)
    {
        File.WriteAllText(Path.Combine(_bed.Folder, "replaced.conf"), $"[Service]\nExecStart=\nExecStart={command}\n");
        Run("mkdir", "-p", "/run/systemd/system/smm-agent.service.d");
        Run("cp", "/mnt/replaced.conf", "/run/systemd/system/smm-agent.service.d/replaced.conf");
        Run("systemctl", "daemon-reload");
    }

    public string Run(params string[] command) => Try(command) is (0, var output)
        ? output
        : throw new InvalidOperationException($"{string.Join(' ', command)}: {Try(command).Output}\n{Journal()}");

    /// <summary>A property of a unit, as <c>systemctl show</c> prints it.</summary>
    public string Property(string unit, string property) => Run("systemctl", "show", "--value", "-p", property, unit).Trim();

    public bool IsActive(string unit) => Property(unit, "ActiveState") == "active";

    public bool IsEnabled(string unit) => Try("systemctl", "is-enabled", unit).Output.Trim() == "enabled";

    public string Journal() => Try("journalctl", "--no-pager", "-n", "50", "-u", "smm-agent*").Output;

    /// <summary>A condition's status as the agent has it; empty before it has.</summary>
    public string Condition(string type)
    {
        try
        {
            var status = JsonNode.Parse(Try("cat", "/run/smm-agent/status.json").Output);
            return (string?)status?["conditions"]?.AsArray().FirstOrDefault(node => (string?)node!["type"] == type)?["status"] ?? "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    public Task UntilAsync(Func<bool> condition, string what, TimeSpan? patience = null) => Until.TrueAsync(condition, what, patience, Journal);

    /// <summary>Both families' rules without comments and counters.</summary>
    public string Rules() => string.Join('\n', ((string[])["iptables-save", "ip6tables-save"])
        .SelectMany(save => Run(save).Split('\n'))
        .Where(line => !line.StartsWith('#'))
        .Select(line => line.StartsWith(':') ? line[..line.IndexOf('[', StringComparison.Ordinal)] : line));

    public async ValueTask DisposeAsync()
    {
        await _container.DisposeAsync();
        // The namespace outlives the VM; the next one is to find it untouched.
        _bed.Vm.Run("nft", "flush", "ruleset");
    }

    private static string Installed(string file) => Path.GetExtension(file) switch
    {
        ".sysusers" => $"/usr/lib/sysusers.d/{Path.ChangeExtension(file, ".conf")}",
        ".tmpfiles" => $"/usr/lib/tmpfiles.d/{Path.ChangeExtension(file, ".conf")}",
        _ => $"/usr/lib/systemd/system/{file}",
    };

    private bool IsUp()
    {
        if (_container.HasExited)
            throw new InvalidOperationException($"the VM did not boot:\n{_container.Output}");
        if (_init == 0)
            _init = Init() ?? 0;
        return _init > 0 && Try("systemctl", "is-system-running").Output.Trim() is "running" or "degraded";
    }

    // systemd-nspawn's child that became systemd.
    private int? Init()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)))
        {
            try
            {
                var stat = File.ReadAllText($"/proc/{process}/stat");
                if (stat.Contains("(systemd) ", StringComparison.Ordinal) && stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == $"{_container.Id}")
                    return int.Parse(process!, System.Globalization.CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }

        return null;
    }
}
