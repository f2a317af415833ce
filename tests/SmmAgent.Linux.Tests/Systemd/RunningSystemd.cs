using System.Diagnostics;
using SmmAgent.Linux.DBus;
using SmmAgent.Linux.Systemd;
using SmmAgent.Linux.Tests.DBus;

namespace SmmAgent.Linux.Tests.Systemd;

/// <summary>
/// A real systemd with its own units, bus, mount and process namespaces and cgroup, so that nothing of the host changes.
/// </summary>
/// <remarks>
/// The systemd of a user: it answers as that of the host does, and needs no machine to boot. Needs root and the Debian packages systemd,
/// dbus-daemon and util-linux.
/// </remarks>
public sealed class RunningSystemd : IAsyncLifetime
{
    private const string Cgroups = "/sys/fs/cgroup";

    // The systemd of a user runs only on a host that was booted with systemd, and makes the cgroups of its units below its own.
    private const string Script = """
        mount -t tmpfs run /run
        mkdir -p /run/systemd/system
        for tree in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
            if [ -e "$tree/cgroup.procs" ]; then mkdir "$tree/$1" && echo $$ > "$tree/$1/cgroup.procs"; fi
        done
        /usr/lib/systemd/systemd --user --log-target=console &
        wait
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly string _group = $"smm-test-{Environment.ProcessId}";
    private Process? _process;

    internal static string? WhyNot =>
        !Environment.IsPrivilegedProcess ? "needs root for namespaces"
        : !File.Exists("/usr/lib/systemd/systemd") ? "needs systemd"
        : !File.Exists("/usr/bin/dbus-daemon") ? "needs dbus-daemon (Debian package dbus-daemon)"
        : null;

    internal string BusAddress => $"unix:path={_folder.Path("bus")}";

    private string Units => _folder.Path("config/systemd/user");

    private Dictionary<string, string> Variables => new()
    {
        ["XDG_RUNTIME_DIR"] = _folder.Path("run"),
        ["XDG_CONFIG_HOME"] = _folder.Path("config"),
        ["DBUS_SESSION_BUS_ADDRESS"] = BusAddress,
        ["SYSTEMD_UNIT_PATH"] = Units,
    };

    internal string this[string name] => _folder.Path(name);

    internal IUnits OverBus() => new SystemdManager(BusConnection.Open(BusAddress), TimeProvider.System);

    internal IUnits OverSystemctl() =>
        new Systemctl(new(Systemctl.Environment.Concat(Variables).ToDictionary(), prefix: [_folder.Path("of-user")]), TimeProvider.System);

    internal void Write(string unit, string text) => File.WriteAllText(Path.Combine(Units, unit), text);

    public async ValueTask InitializeAsync()
    {
        if (WhyNot is not null)
            return;
        Directory.CreateDirectory(Units);
        Directory.CreateDirectory(_folder.Path("run"));
        await File.WriteAllTextAsync(_folder.Path("bus.conf"), BusDaemon.Configuration("systemd:"));
        const string NoDefaults = "[Unit]\nDefaultDependencies=no\n";
        foreach (var target in (string[])["basic", "exit", "shutdown"])
            Write($"{target}.target", NoDefaults);
        Write("default.target", $"{NoDefaults}Wants=dbus.socket dbus.service\n");
        Write("dbus.socket", $"{NoDefaults}[Socket]\nListenStream={_folder.Path("bus")}\n");
        var bus = $"dbus-daemon --config-file={_folder.Path("bus.conf")} --nofork --nopidfile";
        Write("dbus.service", $"{NoDefaults}Requires=dbus.socket\n[Service]\nExecStart={bus}\n");

        var start = new ProcessStartInfo(
            "unshare", ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", Script, "sh", _group])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        _ = _process.StandardOutput.ReadToEndAsync();
        await WriteOfUserAsync(_process.Id);
        var log = _process.StandardError.ReadToEndAsync();
        await Until.TrueAsync(IsOnTheBus, "systemd is on its bus", lastSeen: () => log.IsCompleted ? log.Result : "");
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            // The namespace's first process dies with unshare, and all the others with it.
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
            await Until.TrueAsync(AreCgroupsGone, "the cgroups are empty and removed");
        }

        _folder.Dispose();
    }

    // Runs systemctl and systemd-run in the namespaces of this systemd: it refuses clients with processes that it cannot see.
    private async Task WriteOfUserAsync(int unshare)
    {
        var children = $"/proc/{unshare}/task/{unshare}/children";
        await Until.TrueAsync(() => File.ReadAllText(children).Length > 0, "unshare has a child");
        await File.WriteAllTextAsync(_folder.Path("of-user"), $"""
            #!/bin/sh
            program=$1
            shift
            exec nsenter --target {File.ReadAllText(children).Trim()} --mount --pid -- "$program" --user "$@"
            """);
        File.SetUnixFileMode(_folder.Path("of-user"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private bool IsOnTheBus()
    {
        try
        {
            using var units = OverBus();
            return units.ObserveUnit("default.target").IsActive;
        }
        catch (DBusException)
        {
            return false;
        }
    }

    private bool AreCgroupsGone()
    {
        try
        {
            var trees = Directory.GetDirectories(Cgroups).Append(Cgroups).Select(tree => Path.Combine(tree, _group));
            foreach (var tree in trees.Where(Directory.Exists))
            {
                // A cgroup is removed as an empty folder, although it shows files.
                var groups = Directory.GetDirectories(tree, "*", SearchOption.AllDirectories).OrderByDescending(path => path.Length);
                foreach (var group in groups.Append(tree))
                    Directory.Delete(group);
            }

            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
