using System.Text.Json;
using System.Text.Json.Nodes;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>
/// The testbed's VM as a booted system: real systemd as process 1, journald, D-Bus and the agent's package, in the VM's network namespace.
/// </summary>
public sealed class BootedVm : IAsyncDisposable
{
    /// <summary>The start of the STATUS= line of a healthy VM.</summary>
    public const string Attached = $"Attached vm-integration/analytics-v0 as {MeshTestbed.VmAddress}; 2/2 gateways; 4 ports open";

    public const string PortTaker = "port-taker.service";

    /// <summary>How long a package manager may take.</summary>
    public static readonly TimeSpan InstallPatience = TimeSpan.FromMinutes(3);

    // systemd-nspawn's own, with --keep-unit: boot this once more.
    private const int Rebooted = 133;

    private readonly MeshTestbed _testbed;
    private readonly string _name;
    private readonly ControlGroup _group;
    private VmDisk? _disk;
    private TestbedProcess _container;
    private int _init;

    private BootedVm(MeshTestbed testbed, VmDisk disk, string name)
    {
        _testbed = testbed;
        _disk = disk;
        _name = name;
        _group = new ControlGroup(name);
        _container = Container();
    }

    /// <summary>Boots from a disk; the VM then owns the disk.</summary>
    /// <param name="name">
    /// Its name; of two that run at the same time each has its own. They share the testbed's network, so one daemon runs at a time.
    /// </param>
    public static async Task<BootedVm> StartAsync(MeshTestbed testbed, VmDisk disk, string? name = null)
    {
        var vm = new BootedVm(testbed, disk, name ?? testbed.Vm.Name);
        try
        {
            await vm.UntilUpAsync();
            return vm;
        }
        catch
        {
            await vm.DisposeAsync();
            throw;
        }
    }

    /// <summary>Installs a package of the agent with the distribution's own program, or upgrades to it.</summary>
    public string InstallAgent(AgentPackage package) => Install(_testbed.CopyToVm(HasDnf ? package.Rpm : package.Deb));

    /// <summary>Installs packages: names that the distribution knows, or files.</summary>
    public string Install(params string[] packages) => RunAtMost(InstallPatience, HasDnf
        ? ["dnf", "install", "-y", .. packages]
        : ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--no-install-recommends", .. packages]);

    /// <summary>Makes all programs trust an authority, as an operator does.</summary>
    public void Trust(string authorityFile)
    {
        var (folder, update) = Try("ls", "/etc/pki/ca-trust/source/anchors").ExitCode == 0
            ? ("/etc/pki/ca-trust/source/anchors", "update-ca-trust")
            : ("/usr/local/share/ca-certificates", "update-ca-certificates");
        Run("install", "-m", "0644", _testbed.CopyToVm(authorityFile), $"{folder}/dashboard.crt");
        Run(update);
    }

    /// <summary>Configures the agent, as an operator does before the first reconcile.</summary>
    /// <param name="sidecar">Whether the agent manages a sidecar; otherwise it manages the firewall only.</param>
    public void Configure(bool sidecar = false)
    {
        File.WriteAllText(Path.Combine(_testbed.Folder, "token"), _testbed.Mesh.Token + "\n");
        if (_testbed.DashboardAuthority is { } authority)
        {
            Run("install", "-m", "0644", _testbed.CopyToVm(authority), "/etc/smm/dashboard-ca.pem");
            Run("smm-agent", "set", "dashboard-url", _testbed.DashboardUrl, "--ca-file", "/etc/smm/dashboard-ca.pem");
        }
        else
        {
            Run("smm-agent", "set", "dashboard-url", _testbed.DashboardUrl, "--allow-plaintext");
        }

        Run("smm-agent", "set", "workload-group", "vm-integration", "analytics-v0");
        Run("smm-agent", "set", "node-ip", MeshTestbed.VmAddress);
        Run("smm-agent", "set", "bearer-token", "--file", "/mnt/token");
        if (_testbed.Mesh.Signature is { } signature)
            Run("smm-agent", "set", "trusted-key", signature.Key.Public.Text);
        if (!sidecar)
            Run("sed", "-i", "$ a sidecar: {mode: off}", "/etc/smm/agent.yaml");
    }

    /// <summary>Runs a command on the VM to its end, as root from a login would.</summary>
    public (int ExitCode, string Output) Try(params string[] command) => Shell.Try(OnVm(command));

    /// <param name="atMost">For a command that is slow by intention.</param>
    public (int ExitCode, string Output) Try(TimeSpan atMost, params string[] command) => Shell.Try(atMost, OnVm(command));

    /// <summary>Replaces the program of the daemon's unit, until the next boot.</summary>
    public void ReplaceDaemon(string command) => DropIn("smm-agent.service", $"[Service]\nExecStart=\nExecStart={command}\n");

    public string Run(params string[] command) => RunAtMost(Shell.Timeout, command);

    public string RunAtMost(TimeSpan patience, params string[] command) =>
        Shell.Try(patience, OnVm(command)) is var (exitCode, output) && exitCode == 0
        ? output
        : throw new InvalidOperationException($"{string.Join(' ', command)} ended with exit code {exitCode}: {output}\n{Journal()}");

    /// <summary>Runs a line of a shell as a user who may become root by sudo, as an operator does.</summary>
    public (int ExitCode, string Output) TryLine(string line)
    {
        if (Try("id", "admin").ExitCode != 0)
        {
            Run("useradd", "--create-home", "--shell", "/bin/bash", "admin");
            File.WriteAllText(Path.Combine(_testbed.Folder, "sudoers"), "admin ALL=(ALL) NOPASSWD: ALL\n");
            Run("install", "-m", "0440", "/mnt/sudoers", "/etc/sudoers.d/admin");
        }

        return Shell.Try(InstallPatience, OnVm("runuser", "-l", "admin", "-c", line));
    }

    public string RunLine(string line) => TryLine(line) is var (exitCode, output) && exitCode == 0
        ? output
        : throw new InvalidOperationException($"{line} ended with exit code {exitCode}: {output}\n{Journal()}");

    /// <summary>The command line that runs a command on the VM.</summary>
    public string[] OnVm(params string[] command) =>
        ["nsenter", "--target", $"{_init}", "--all", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", .. command];

    /// <summary>A property of a unit, as <c>systemctl show</c> prints it.</summary>
    public string Property(string unit, string property) => Run("systemctl", "show", "--value", "-p", property, unit).Trim();

    public bool IsActive(string unit) => Property(unit, "ActiveState") == "active";

    public bool IsEnabled(string unit) => Try("systemctl", "is-enabled", unit).Output.Trim() == "enabled";

    public string Journal() => Try("journalctl", "--no-pager", "-n", "50", "-u", "smm-agent*").Output;

    /// <summary>The status of a condition; empty before the agent has published it.</summary>
    public string Condition(string type) => ConditionText(type).Split(' ')[0];

    /// <summary>A condition as text: status, reason, message; empty before the agent has published it.</summary>
    public string ConditionText(string type)
    {
        try
        {
            var conditions = JsonNode.Parse(Try("cat", "/run/smm-agent/status.json").Output)?["conditions"]?.AsArray();
            return conditions?.FirstOrDefault(node => (string?)node!["type"] == type) is { } found
                ? $"{found["status"]} {found["reason"]}: {found["message"]}" : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    /// <summary>Waits until a condition has a status and reason.</summary>
    /// <param name="start">Its status and reason.</param>
    /// <returns>All of it.</returns>
    public async Task<string> UntilConditionAsync(string type, string start, TimeSpan? patience = null)
    {
        await Until.TrueAsync(
            () => ConditionText(type).StartsWith(start, StringComparison.Ordinal), $"{type} is {start}", patience, () =>
                ConditionText(type) + "\n" + Journal());
        return ConditionText(type);
    }

    /// <summary>Waits until the STATUS= line of the daemon begins with a text.</summary>
    public Task UntilStatusAsync(string start, TimeSpan? patience = null) => Until.TrueAsync(
        () => Property("smm-agent.service", "StatusText").StartsWith(start, StringComparison.Ordinal),
        $"STATUS={start}",
        patience,
        () => Property("smm-agent.service", "StatusText") + "\n" + Journal());

    /// <summary>Changes a unit until the next boot, as <c>systemctl edit --runtime</c> does.</summary>
    public void DropIn(string unit, string text)
    {
        File.WriteAllText(Path.Combine(_testbed.Folder, "drop-in.conf"), text);
        Run("install", "-D", "-m", "0644", "/mnt/drop-in.conf", $"/run/systemd/system/{unit}.d/test.conf");
        Run("systemctl", "daemon-reload");
    }

    /// <summary>Starts another program that listens on a TCP port, until <see cref="PortTaker"/> is stopped.</summary>
    public Task TakePortAsync(int port)
    {
        Run("systemd-run", $"--unit={PortTaker}", "perl", "-MIO::Socket::INET", "-e",
            $"for (IO::Socket::INET->new(LocalPort => {port}, Listen => 1, ReuseAddr => 1) or die) {{ sleep 600 }}");
        return UntilAsync(() => Run("ss", "-Hltn").Contains($":{port} ", StringComparison.Ordinal), $"{port} is taken");
    }

    public Task UntilAsync(Func<bool> condition, string what, TimeSpan? patience = null, Func<string>? lastSeen = null) =>
        Until.TrueAsync(condition, what, patience, lastSeen ?? Journal);

    /// <summary>Both families' rules without comments and counters.</summary>
    public string Rules() => string.Join('\n', ((string[])["iptables-save", "ip6tables-save"])
        .SelectMany(save => Run(save).Split('\n'))
        .Where(line => !line.StartsWith('#'))
        .Select(line => line.StartsWith(':') ? line[..line.IndexOf('[', StringComparison.Ordinal)] : line));

    /// <summary>The complete ruleset of nftables; the VM itself needs no nft.</summary>
    public string Ruleset() => _testbed.Vm.Run("nft", "-s", "list", "ruleset");

    /// <summary>Reboots. Only the rules of the operator survive, because the operator has a service for them.</summary>
    public async Task RebootAsync()
    {
        Run("systemctl", "reboot");
        var exitCode = await _container.WaitForExitAsync(Until.Patience);
        if (exitCode != Rebooted)
            throw new InvalidOperationException($"the VM ended with {exitCode} instead of a reboot:\n{_container.Output}");
        await _container.DisposeAsync();
        _testbed.Vm.Run("nft", "flush", "ruleset");
        _testbed.DropByDefault();
        _container = Container();
        _init = 0;
        await UntilUpAsync();
    }

    /// <summary>Shuts down.</summary>
    /// <returns>The disk, which the caller then owns.</returns>
    public async Task<VmDisk> PowerOffAsync()
    {
        Run("systemctl", "poweroff");
        await _container.WaitForExitAsync(Until.Patience);
        var disk = _disk!;
        _disk = null;
        return disk;
    }

    public async ValueTask DisposeAsync()
    {
        await _container.DisposeAsync();
        _group.Dispose();
        // The next VM uses the same namespace, and must find it unchanged.
        _testbed.Vm.Run("nft", "flush", "ruleset");
        _disk?.Dispose();
    }

    private bool HasDnf => Try("ls", "/usr/bin/dnf").ExitCode == 0;

    private TestbedProcess Container() => new(_group.Inside(
    [
        "systemd-nspawn", "--quiet", "--boot", $"--directory={_disk!.Root}", "--register=no", "--keep-unit",
        $"--machine={_name}", "--console=pipe", "--capability=CAP_NET_ADMIN,CAP_NET_RAW",
        $"--network-namespace-path=/run/netns/{_testbed.Vm.Name}", $"--bind-ro={_testbed.Folder}:/mnt",
        // Nothing but the test itself uses apt.
        "systemd.mask=apt-daily.timer", "systemd.mask=apt-daily-upgrade.timer",
    ]));

    private Task UntilUpAsync() => Until.TrueAsync(IsUp, "the VM is up", TimeSpan.FromSeconds(60), () => _container.Output);

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
                if (stat.Contains("(systemd) ", StringComparison.Ordinal) && stat[(stat.LastIndexOf(')') + 2)..]
                    .Split(' ')[1] == $"{_container.Id}")
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
