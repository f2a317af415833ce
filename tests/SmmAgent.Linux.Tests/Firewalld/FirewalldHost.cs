using System.Diagnostics;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Tests.Firewalld;

/// <summary>The real firewalld with its own bus, network, mount and process namespaces, so that nothing of the host changes.</summary>
/// <remarks>Needs root and the Debian packages firewalld, dbus-daemon and util-linux.</remarks>
public sealed class FirewalldHost : IAsyncLifetime
{
    private const string Script = """
        set -e
        mkdir "$1/etc" "$1/log"
        mount --bind "$1/etc" /etc/firewalld
        mount --bind "$1/log" /var/log
        mount -t tmpfs run /run
        ip link set lo up
        dbus-daemon --config-file="$1/bus.conf" --nofork --nopidfile &
        while [ ! -S "$1/bus" ]; do sleep 0.01; done
        export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$1/bus"
        # Every line that is read starts firewalld again or stops it.
        while read -r line; do
            if [ -n "$pid" ]; then kill "$pid"; wait "$pid" || true; fi
            if [ "$line" = start ]; then firewalld --nofork --nopid & pid=$!; else pid=; fi
            echo done
        done
        """;

    private readonly TemporaryFolder _folder = new();
    private Process? _process;

    internal static string? WhyNot =>
        !Environment.IsPrivilegedProcess ? "needs root for namespaces"
        : !File.Exists("/usr/sbin/firewalld") ? "needs firewalld (Debian package firewalld)"
        : !File.Exists("/usr/bin/dbus-daemon") ? "needs dbus-daemon (Debian package dbus-daemon)"
        : null;

    /// <summary>An element of the bus's configuration, to refuse calls as polkit would.</summary>
    internal string Refusal { get; init; } = "";

    internal string BusAddress => $"unix:path={_folder.Path("bus")}";

    /// <summary>The configuration before the first test.</summary>
    internal string? Fresh { get; set; }

    public async ValueTask InitializeAsync()
    {
        if (WhyNot is not null)
            return;
        await File.WriteAllTextAsync(_folder.Path("bus.conf"), BusConfiguration());
        var start = new ProcessStartInfo(
            "unshare", ["--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", Script, "sh", _folder.Root])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        // Read, so that no writer waits.
        _ = _process.StandardError.ReadToEndAsync();
        await StartFirewalldAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            // The namespace's first process dies with unshare, and all the others with it.
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        _folder.Dispose();
    }

    /// <summary>Starts it, again when it runs, and waits until it answers.</summary>
    internal async Task StartFirewalldAsync()
    {
        await TellAsync("start");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await RunAsync("firewall-cmd", "--state")).ExitCode != 0)
            await Task.Delay(20, patience.Token);
    }

    internal Task StopFirewalldAsync() => TellAsync("stop");

    internal async Task<string> CommandAsync(params string[] arguments)
    {
        var result = await RunAsync(["firewall-cmd", .. arguments]);
        Assert.True(result.Succeeded, result.Describe());
        return result.Output;
    }

    /// <summary>All zones, runtime and permanent.</summary>
    internal async Task<string> EverythingAsync() =>
        await CommandAsync("--list-all-zones") + await CommandAsync("--permanent", "--list-all-zones");

    private async Task TellAsync(string line)
    {
        await _process!.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        while (await _process.StandardOutput.ReadLineAsync() is { } answer && answer != "done")
        {
        }
    }

    private Task<CommandResult> RunAsync(params string[] arguments) =>
        new CommandRunner(new Dictionary<string, string> { ["DBUS_SYSTEM_BUS_ADDRESS"] = BusAddress })
            .RunAsync(arguments, CancellationToken.None, timeout: TimeSpan.FromSeconds(30));

    private string BusConfiguration() => $"""
        <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
          "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
        <busconfig>
          <type>system</type>
          <listen>{BusAddress}</listen>
          <auth>EXTERNAL</auth>
          <policy context="default">
            <allow user="*"/>
            <allow own="*"/>
            <allow send_type="method_call"/>
            <allow send_type="signal"/>
            <allow send_requested_reply="true" send_type="method_return"/>
            <allow send_requested_reply="true" send_type="error"/>
            <allow receive_type="method_call"/>
            <allow receive_type="method_return"/>
            <allow receive_type="error"/>
            <allow receive_type="signal"/>
            {Refusal}
          </policy>
        </busconfig>
        """;
}
