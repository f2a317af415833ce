namespace SmmAgent.Testing;

/// <summary>A small file system in memory, mounted while a test needs it. Needs root.</summary>
public sealed class SmallDisk : IDisposable
{
    /// <param name="path">Where it is mounted; the folder is created.</param>
    /// <param name="size">As mount(8) takes it, for example <c>64k</c> or <c>8m</c>.</param>
    public SmallDisk(string path, string size = "64k")
    {
        Directory.CreateDirectory(path);
        Shell.Run("mount", "-t", "tmpfs", "-o", $"size={size},mode=0755", "tmpfs", path);
        Path = path;
    }

    public string Path { get; }

    // A program that another test starts at this moment may hold the mount.
    public void Dispose() => Shell.Run("umount", "--lazy", Path);
}
