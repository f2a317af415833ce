namespace SmmAgent.VmTests;

/// <summary>
/// The files of a VM: a writable layer above unchanged layers. It is in memory, because
/// not every file system of a host can be the upper layer of an overlay.
/// </summary>
public sealed class VmDisk : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("smm-disk-").FullName;

    /// <param name="layers">The layers below, the uppermost first.</param>
    public VmDisk(params IReadOnlyList<string> layers)
    {
        Layers = layers;
        Shell.Run("mount", "-t", "tmpfs", "-o", "mode=0755", "smm-disk", _folder);
        foreach (var folder in (string[])[Written, Work, Root])
            Directory.CreateDirectory(folder);
        Shell.Run("mount", "-t", "overlay", "-o", $"lowerdir={string.Join(':', layers)},upperdir={Written},workdir={Work}", "smm-disk",
            Root);
    }

    public IReadOnlyList<string> Layers { get; }

    /// <summary>All files, as the VM sees them.</summary>
    public string Root => Path.Combine(_folder, "root");

    /// <summary>The layer with the written files.</summary>
    public string Written => Path.Combine(_folder, "written");

    private string Work => Path.Combine(_folder, "work");

    public void Dispose()
    {
        // Lazily: the last process of the VM may be about to end.
        Shell.Try("umount", "--lazy", Root);
        Shell.Try("umount", "--lazy", _folder);
        Directory.Delete(_folder, recursive: false);
    }
}
