using SmmAgent.Linux.Commands;
using SmmAgent.Linux.DBus;

namespace SmmAgent.Linux.Systemd;

/// <summary>Opens the systemd that booted this host: over the system bus, or through systemctl where there is no bus.</summary>
public static class HostUnits
{
    /// <summary>Whether systemd can run commands as units for this process.</summary>
    public static bool CanRun(string root) =>
        root == "/" && Environment.IsPrivilegedProcess && Directory.Exists("/run/systemd/system")
        && ProgramSearch.Find("systemd-run", Environment.GetEnvironmentVariable("PATH")) is not null;

    /// <summary>Whether this process is in a sandbox, as the units of the agent are. Its child processes are in it as well.</summary>
    public static bool IsSandboxed() => File.ReadLines("/proc/self/status").Contains("NoNewPrivs:\t1");

    /// <param name="root">The folder with the files of the host; the folder of a test has no systemd.</param>
    /// <returns>The units; or null and the reason why they cannot be reached, which is not a failure.</returns>
    /// <exception cref="DBusException">The host has a bus, and it does not accept the connection.</exception>
    public static (IUnits? Units, string? Reason) Open(string root, TimeProvider time)
    {
        // As sd_booted(3) does.
        var booted = Path.Combine(root, "run/systemd/system");
        if (!Directory.Exists(booted))
            return (null, $"this host was not booted with systemd (no {booted})");

        try
        {
            return (new ReconnectingUnits(() => OpenNow(time), time), null);
        }
        catch (DBusException exception) when (exception.IsAbsence)
        {
            return (null, $"systemd cannot be asked: {exception.Message}");
        }
    }

    private static IUnits OpenNow(TimeProvider time)
    {
        try
        {
            return new SystemdManager(BusConnection.Open(), time);
        }
        // Without a bus, systemctl uses the private socket of systemd, which only root may use.
        catch (DBusException exception) when (exception.IsAbsence && Environment.IsPrivilegedProcess
            && ProgramSearch.Find("systemctl", Environment.GetEnvironmentVariable("PATH")) is not null)
        {
            return new Systemctl(new(Systemctl.Environment), time);
        }
    }
}
