using System.Diagnostics;

namespace SmmAgent.Linux.Tests.DBus;

/// <summary>A bus of the test's own (Debian package dbus-daemon). Needs no root.</summary>
internal sealed class BusDaemon : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private Process? _process;

    public BusDaemon()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/dbus-daemon"), "needs dbus-daemon (Debian package dbus-daemon)");
        File.WriteAllText(_folder.Path("bus.conf"), Configuration(Address));
        Start();
    }

    public string Address => $"unix:path={_folder.Path("bus")}";

    /// <summary>Of a bus on which everybody may do everything.</summary>
    public static string Configuration(string address) => $"""
        <busconfig>
          <type>system</type>
          <listen>{address}</listen>
          <auth>EXTERNAL</auth>
          <policy context="default">
            <allow user="*"/>
            <allow own="*"/>
            <allow send_destination="*"/>
            <allow receive_sender="*"/>
          </policy>
        </busconfig>
        """;

    /// <summary>Starts it; it listens when this returns.</summary>
    public void Start()
    {
        _process = Process.Start(new ProcessStartInfo(
            "dbus-daemon", [$"--config-file={_folder.Path("bus.conf")}", "--nofork", "--nopidfile", "--print-address"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _ = _process.StandardError.ReadToEndAsync();
        Assert.NotNull(_process.StandardOutput.ReadLine());
    }

    public void Stop()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        File.Delete(_folder.Path("bus"));
    }

    public void Dispose()
    {
        Stop();
        _folder.Dispose();
    }
}
