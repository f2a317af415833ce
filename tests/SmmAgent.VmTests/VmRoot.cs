using SmmAgent.Bed;

namespace SmmAgent.VmTests;

/// <summary>The root file system that VMs boot from: SMM_VM_ROOT, else the one that <c>./build.sh vm-root</c> made.</summary>
internal static class VmRoot
{
    /// <summary>Null where there is none.</summary>
    public static string? Path { get; } = Environment.GetEnvironmentVariable("SMM_VM_ROOT") is { Length: > 0 } given ? given : Made();

    /// <summary>The folder with the unit files.</summary>
    public static string Units { get; } = System.IO.Path.Combine(Repository(), "packaging", "systemd");

    /// <summary>Why no VM can be booted here; null when one can.</summary>
    public static string? Missing() =>
        Programs.Missing()
        ?? (!File.Exists("/usr/bin/systemd-nspawn") ? "needs systemd-nspawn (Debian: systemd-container)" : null)
        ?? (Path is null ? "needs a root file system: ./build.sh vm-root, or SMM_VM_ROOT" : null);

    private static string? Made()
    {
        var roots = System.IO.Path.Combine(Repository(), "artifacts", "roots");
        return Directory.Exists(roots)
            ? Directory.EnumerateDirectories(roots).Where(root => !root.EndsWith(".new", StringComparison.Ordinal)).Order().LastOrDefault()
            : null;
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(folder.FullName, "SmmAgent.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("SmmAgent.sln was not found above the tests");
        return folder.FullName;
    }
}
