using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>
/// The real firewalld on the bed's VM, with a bus, configuration and log of its own. It takes its table along when it ends.
/// </summary>
internal sealed class RunningFirewalld : IAsyncDisposable
{
    private const string Script = """
        mkdir "$1/etc" "$1/log"
        mount --bind "$1/etc" /etc/firewalld
        mount --bind "$1/log" /var/log
        mount -t tmpfs run /run
        dbus-daemon --config-file="$1/bus.conf" --nofork --nopidfile &
        bus=$!
        while [ ! -S "$1/bus" ]; do sleep 0.01; done
        firewalld --nofork --nopid &
        firewalld=$!
        trap 'kill $firewalld; wait $firewalld; kill $bus; wait $bus; exit' TERM
        wait $firewalld
        """;

    private readonly MeshTestbed _bed;
    private readonly string _folder = Directory.CreateTempSubdirectory("smm-firewalld-").FullName;
    private readonly TestbedProcess _process;

    private RunningFirewalld(MeshTestbed bed)
    {
        _bed = bed;
        File.WriteAllText(Path.Combine(_folder, "bus.conf"), $"""
            <busconfig>
              <type>system</type>
              <listen>{Address}</listen>
              <auth>EXTERNAL</auth>
              <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
            </busconfig>
            """);
        _process = new TestbedProcess(bed.Vm.Inside("sh", "-c", Script, "sh", _folder), Environment());
    }

    public static string? WhyNot =>
        Programs.Missing()
        ?? (!File.Exists("/usr/sbin/firewalld") ? "needs firewalld (Debian package firewalld)" : null)
        ?? (!File.Exists("/usr/bin/dbus-daemon") ? "needs dbus-daemon (Debian package dbus-daemon)" : null);

    private string Address => $"unix:path={_folder}/bus";

    public static async Task<RunningFirewalld> StartAsync(MeshTestbed bed)
    {
        var firewalld = new RunningFirewalld(bed);
        await Until.TrueAsync(
            () => firewalld.Try("firewall-cmd", "--state").ExitCode == 0, "firewalld runs", TimeSpan.FromSeconds(60),
            () => firewalld._process.Output);
        // Its start takes the bed's rules away and leaves the policy that relied on them.
        bed.Vm.Run("iptables", "-w", "-P", "INPUT", "ACCEPT");
        bed.Vm.Run("ip6tables", "-w", "-P", "INPUT", "ACCEPT");
        return firewalld;
    }

    /// <summary>Runs a command on the VM that finds this firewalld.</summary>
    public (int ExitCode, string Output) Try(params string[] command) =>
        _bed.Vm.Try(["env", $"DBUS_SYSTEM_BUS_ADDRESS={Address}", .. command]);

    public async ValueTask DisposeAsync()
    {
        _process.Signal(Signals.Terminate);
        await _process.WaitForExitAsync(TimeSpan.FromSeconds(60));
        await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private Dictionary<string, string> Environment() => new() { ["DBUS_SYSTEM_BUS_ADDRESS"] = Address };
}
