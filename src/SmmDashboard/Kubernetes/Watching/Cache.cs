using System.Collections.Immutable;
using System.Threading.Channels;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Watching;

/// <summary>The known objects of a kind at one moment.</summary>
/// <param name="Items">The objects.</param>
/// <param name="IsSynced">The kind was listed once, or the server does not serve it. It stays true when the server is away later.</param>
/// <param name="IsServed">False when the server has no such kind: a CRD that is not installed.</param>
/// <param name="Fault">The reason why the objects are not up to date; null while they are.</param>
public sealed record CacheState<T>(ImmutableDictionary<ObjectKey, T> Items, bool IsSynced, bool IsServed, string? Fault)
    where T : KubernetesObject
{
    /// <summary>Whether the account may not read the kind. The known objects stay.</summary>
    public bool IsForbidden { get; init; }

    public static readonly CacheState<T> Empty = new(ImmutableDictionary<ObjectKey, T>.Empty, IsSynced: false, IsServed: true, Fault: null);
}

/// <summary>The objects of a kind: one <see cref="Reflector{T}"/> writes, any thread reads a snapshot.</summary>
/// <param name="changes">
/// Gets <c>true</c> when the objects or what is known about them changed. A full channel loses nothing: the reader reads the whole state.
/// </param>
/// <param name="time">The clock of <see cref="LastAnswer"/>.</param>
public sealed class Cache<T>(ChannelWriter<bool> changes, TimeProvider time)
    where T : KubernetesObject
{
    private volatile CacheState<T> _state = CacheState<T>.Empty;
    private long _lastAnswerTicks;
    private long _unreadable;

    public CacheState<T> State => _state;

    /// <summary>The time of the server's last answer about this kind, bookmarks included; null before the first list.</summary>
    public DateTimeOffset? LastAnswer =>
        Interlocked.Read(ref _lastAnswerTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>How many objects and lines could not be read since the start.</summary>
    public long Unreadable => Interlocked.Read(ref _unreadable);

    internal void RecordAnswer() => Interlocked.Exchange(ref _lastAnswerTicks, time.GetUtcNow().UtcTicks);

    internal void CountUnreadable() => Interlocked.Increment(ref _unreadable);

    /// <summary>A list. Objects that the server has and that could not be read keep their last good copy.</summary>
    internal void Replace(IReadOnlyDictionary<ObjectKey, T> listed, IReadOnlySet<ObjectKey> unreadable)
    {
        var old = _state;
        var builder = old.Items.ToBuilder();
        foreach (var key in old.Items.Keys.Where(key => !listed.ContainsKey(key) && !unreadable.Contains(key)))
            builder.Remove(key);
        foreach (var (key, item) in listed)
        {
            if (!old.Items.TryGetValue(key, out var known) || known.Metadata.ResourceVersion != item.Metadata.ResourceVersion)
                builder[key] = item;
        }

        RecordAnswer();
        Publish(old, old with { Items = builder.ToImmutable(), IsSynced = true, IsServed = true, Fault = null, IsForbidden = false });
    }

    internal void Set(T item)
    {
        var old = _state;
        Publish(old, old with { Items = old.Items.SetItem(ObjectKey.From(item.Metadata), item) });
    }

    internal void Remove(ObjectKey key)
    {
        var old = _state;
        Publish(old, old with { Items = old.Items.Remove(key) });
    }

    internal void NotServed(string fault)
    {
        RecordAnswer();
        Publish(_state, CacheState<T>.Empty with { IsSynced = true, IsServed = false, Fault = fault });
    }

    /// <summary>Sets the fault, or clears it with null. The objects stay.</summary>
    internal void SetFault(string? fault, bool isForbidden = false)
    {
        var old = _state;
        Publish(old, old with { Fault = fault, IsForbidden = isForbidden });
    }

    private void Publish(CacheState<T> old, CacheState<T> next)
    {
        if (ReferenceEquals(old.Items, next.Items) && old == next)
            return;

        _state = next;
        changes.TryWrite(true);
    }
}
