namespace SmmAgent.Linux.Events;

/// <summary>Changes of files: written, replaced, removed, mode or owner changed; also of files that do not exist yet.</summary>
/// <param name="paths">Absolute paths of files, or of directories to be told of every file in them.</param>
public sealed class FileEvents(HostChange change, params IReadOnlyList<string> paths) : EventSource("file events", change)
{
    private PathWatch? _watch;

    public override int Descriptor => _watch!.Descriptor;

    public override void Open()
    {
        _watch = new(paths, PathWatch.Changed);
        _watch.Place();
    }

    public override HostChange Drain() => _watch!.Drain() ? Change : HostChange.None;

    public override void Close() => _watch?.Dispose();
}
