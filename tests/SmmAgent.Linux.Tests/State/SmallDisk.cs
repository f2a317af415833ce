namespace SmmAgent.Linux.Tests.State;

/// <summary>A file system of a few pages, mounted while a test needs it.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _path;

    public SmallDisk(string path, int kilobytes = 64)
    {
        GuardedRoot.Run("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k,mode=0755", "tmpfs", path);
        _path = path;
    }

    public void Dispose() => GuardedRoot.Run("umount", "--lazy", _path);
}
