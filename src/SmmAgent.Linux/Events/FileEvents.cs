namespace SmmAgent.Linux.Events;

/// <summary>Changes of files: written, replaced, removed, mode or owner changed; also of files that do not exist yet.</summary>
/// <param name="name">The name in messages: two sources of one process have two names.</param>
/// <param name="change">The change that these files mean.</param>
/// <param name="paths">Absolute paths of files, or of directories for every file in them.</param>
public sealed class FileEvents(string name, HostChange change, params IReadOnlyList<string> paths) : EventSource(name, change)
{
    private PathWatch? _watch;

    public override int Descriptor => _watch!.Descriptor;

    public override void Open()
    {
        _watch = new(paths, PathWatch.Changed);
        _watch.Refresh();
    }

    public override HostChange Drain() => _watch!.Drain() ? Change : HostChange.None;

    public override void Close() => _watch?.Dispose();
}
