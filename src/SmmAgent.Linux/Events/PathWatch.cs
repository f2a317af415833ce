using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Events;

/// <summary>An inotify instance that follows paths, also when a part of the way to them changes.</summary>
/// <remarks>
/// Each directory on the way is watched for the next name; symbolic links are followed, and their places are watched as well. So a
/// directory that does not exist yet, a link that is swapped, and a directory that is replaced are all noticed.
/// </remarks>
internal sealed class PathWatch(IReadOnlyList<string> paths, uint leaf) : IDisposable
{
    /// <summary>A file was written, replaced, removed, or its mode changed.</summary>
    public const uint Changed = CloseWrite | Attributes;

    /// <summary>A file was opened and is closed now.</summary>
    public const uint Opened = CloseWrite | CloseOther;

    private const uint Attributes = 0x4;
    private const uint CloseWrite = 0x8;
    private const uint CloseOther = 0x10;
    private const uint Names = 0x40 | 0x80 | 0x100 | 0x200; // moved from, moved to, created, deleted
    private const uint Overflow = 0x4000;
    private const uint AddToMask = 0x20000000;

    private const int EventHeader = 16;
    private const int MostLinks = 40;

    private readonly SafeFileHandle _inotify = Libc.InotifyInit(Libc.CloseOnExec | Libc.NonBlocking);
    private readonly byte[] _events = new byte[16384];

    // From each watch to the names that matter in it. Null stands for any name, and is the only one of a watched file.
    private Dictionary<int, HashSet<string?>> _watches = [];

    public int Descriptor => (int)_inotify.DangerousGetHandle();

    /// <summary>Watches the directories and files that are on the way now.</summary>
    public void Refresh()
    {
        if (_inotify.IsInvalid)
            throw EventSourceException.LastError("inotify");

        var before = _watches;
        _watches = [];
        foreach (var path in paths)
            Follow(path);
        foreach (var watch in before.Keys.Except(_watches.Keys))
            _ = Libc.InotifyRemoveWatch(_inotify, watch);
    }

    /// <summary>Empties the queue.</summary>
    /// <returns>Whether one of the paths may have changed.</returns>
    public bool Drain()
    {
        var relevant = false;
        while (true)
        {
            var length = Libc.Read(_inotify, _events, (nuint)_events.Length);
            if (length > 0)
            {
                relevant |= AnyRelevant(_events.AsSpan(0, (int)length));
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR when length < 0:
                    break;
                case Errno.EAGAIN when length < 0:
                    if (relevant)
                        Refresh();
                    return relevant;
                default:
                    throw EventSourceException.LastError("read of inotify events");
            }
        }
    }

    public void Dispose() => _inotify.Dispose();

    private bool AnyRelevant(ReadOnlySpan<byte> events)
    {
        var any = false;
        while (events.Length >= EventHeader)
        {
            var watch = MemoryMarshal.Read<int>(events);
            var mask = MemoryMarshal.Read<uint>(events[4..]);
            var nameLength = MemoryMarshal.Read<int>(events[12..]);
            var name = Encoding.UTF8.GetString(events.Slice(EventHeader, nameLength).TrimEnd((byte)0));
            any |= (mask & Overflow) != 0
                || (_watches.TryGetValue(watch, out var names) && (name.Length == 0 || names.Contains(null) || names.Contains(name)));
            events = events[(EventHeader + nameLength)..];
        }

        return any;
    }

    private void Follow(string path)
    {
        var rest = new Stack<string>(Components(path));
        var directory = "/";
        var links = 0;
        while (rest.TryPop(out var name))
        {
            if (name == "..")
            {
                directory = Path.GetDirectoryName(directory) ?? "/";
                continue;
            }

            // Watched before it is read: a change between the two is not missed.
            var last = rest.Count == 0;
            if (!Watch(directory, last ? Names | leaf : Names, name, required: last))
                return;

            var here = Path.Combine(directory, name);
            if (new FileInfo(here).LinkTarget is { } target)
            {
                if (++links > MostLinks)
                    return;
                if (target.StartsWith('/'))
                    directory = "/";
                foreach (var component in Components(target))
                    rest.Push(component);
            }
            else if (!last)
            {
                directory = here;
            }
            else if (Directory.Exists(here))
            {
                Watch(here, Names | leaf, null, required: true);
            }
            else if (leaf == Opened)
            {
                Watch(here, leaf, null, required: true);
            }
        }
    }

    private bool Watch(string path, uint mask, string? name, bool required)
    {
        var watch = Libc.InotifyAddWatch(_inotify, path, mask | AddToMask);
        if (watch < 0)
        {
            // The directory above reports a path that vanished. Below an unreadable directory on the way the path is still watched.
            return Marshal.GetLastPInvokeError() switch
            {
                Errno.ENOENT or Errno.ENOTDIR => false,
                Errno.EACCES when !required => true,
                _ => throw EventSourceException.LastError($"watch of {path}"),
            };
        }

        if (!_watches.TryGetValue(watch, out var names))
            _watches[watch] = names = [];
        names.Add(name);
        return true;
    }

    // In reverse, because a stack returns the last one first.
    private static IEnumerable<string> Components(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").Reverse();
}
