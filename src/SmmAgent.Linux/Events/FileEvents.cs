namespace SmmAgent.Linux.Events;

/// <summary>Changes of files: written, replaced, removed, mode or owner changed; also of files that do not exist yet.</summary>
/// <param name="name">Which files they are: two sources of one process have two names.</param>
/// <param name="change">What they tell of.</param>
/// <param name="paths">Absolute paths of files, or of directories to be told of every file in them.</param>
public sealed class FileEvents(string name, HostChange change, params IReadOnlyList<string> paths) : EventSource(name, change)
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
