using SmmAgent.Linux.Commands;
using SmmAgent.Linux.DBus;

namespace SmmAgent.Linux.Systemd;

/// <summary>The way to the systemd that booted this host: the system bus, and systemctl where there is none.</summary>
public static class HostUnits
{
    /// <summary>Whether this process can have systemd run commands as units.</summary>
    public static bool CanRun(string root) =>
        root == "/" && Environment.IsPrivilegedProcess && Directory.Exists("/run/systemd/system")
        && ProgramSearch.Find("systemd-run", Environment.GetEnvironmentVariable("PATH")) is not null;

    /// <summary>Whether this process is in a sandbox, as the units of the agent are: what it starts cannot do everything either.</summary>
    public static bool IsSandboxed() => File.ReadLines("/proc/self/status").Contains("NoNewPrivs:\t1");

    /// <param name="root">Below which folder the host's files are; a test's folder has no systemd.</param>
    /// <returns>The units; or null and why they cannot be reached, which is no failure.</returns>
    /// <exception cref="DBusException">The bus is there and cannot be spoken to.</exception>
    public static (IUnits? Units, string? Why) Open(string root, TimeProvider time)
    {
        // As sd_booted(3) does.
        var booted = Path.Combine(root, "run/systemd/system");
        if (!Directory.Exists(booted))
            return (null, $"this host was not booted with systemd (no {booted})");

        try
        {
            return (new FreshUnits(() => OpenNow(time), time), null);
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
        // Without a bus, systemctl has a socket of systemd's own, which is root's.
        catch (DBusException exception) when (exception.IsAbsence && Environment.IsPrivilegedProcess
            && ProgramSearch.Find("systemctl", Environment.GetEnvironmentVariable("PATH")) is not null)
        {
            return new Systemctl(new(Systemctl.Environment), time);
        }
    }
}
