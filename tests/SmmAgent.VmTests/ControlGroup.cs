namespace SmmAgent.VmTests;

/// <summary>
/// A control group for one VM, in every hierarchy that systemd uses. Two systemds in one group would manage each other's units,
/// and with --keep-unit systemd-nspawn stays in the group that it is started in.
/// </summary>
internal sealed class ControlGroup : IDisposable
{
    private static readonly TimeSpan RemovalPatience = TimeSpan.FromSeconds(5);

    private readonly List<string> _folders;

    public ControlGroup(string name)
    {
        _folders = [.. Hierarchies().Select(folder => Path.Combine(folder, name))];
        _folders.ForEach(folder => Directory.CreateDirectory(folder));
    }

    /// <summary>The command line that runs a command in the group.</summary>
    public string[] Inside(params string[] command) =>
    [
        "sh", "-c", """while [ "$1" != -- ]; do echo $$ >"$1" || exit; shift; done; shift; exec "$@" """, "sh",
        .. _folders.Select(folder => Path.Combine(folder, "cgroup.procs")), "--", .. command,
    ];

    public void Dispose()
    {
        foreach (var folder in _folders)
        {
            // The kernel refuses to remove a group until its last process is gone, which may be a moment after the VM's end.
            var deadline = DateTime.UtcNow + RemovalPatience;
            while (!TryRemove(folder) && DateTime.UtcNow < deadline)
                Thread.Sleep(50);
        }
    }

    // This process's own groups: cgroup v2, and the named hierarchy of systemd where the host still has v1.
    private static IEnumerable<string> Hierarchies()
    {
        var groups = File.ReadAllLines("/proc/self/cgroup").Select(line => line.Split(':', 3)).ToList();
        foreach (var mount in File.ReadAllLines("/proc/self/mounts").Select(line => line.Split(' ')))
        {
            var controllers = mount[2] switch
            {
                "cgroup2" => "",
                "cgroup" when mount[3].Split(',').Contains("name=systemd") => "name=systemd",
                _ => null,
            };
            if (controllers is not null && groups.Find(group => group[1] == controllers) is { } own)
                yield return mount[1] + own[2].TrimEnd('/');
        }
    }

    private static bool TryRemove(string folder)
    {
        try
        {
            foreach (var child in Directory.EnumerateDirectories(folder))
            {
                if (!TryRemove(child))
                    return false;
            }

            Directory.Delete(folder, recursive: false);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
