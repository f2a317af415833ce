using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Watching;

namespace SmmDashboard.Kubernetes.Mesh;

/// <summary>A watched kind, with the members that operators need.</summary>
public interface IWatched
{
    ApiResource Resource { get; }

    /// <summary>Whether the mesh cannot be composed without it. The account may lack the right to an optional kind.</summary>
    bool IsRequired { get; }

    /// <summary>Whether all that can be known of it is known.</summary>
    bool IsSynced { get; }

    /// <summary>The reason why it is not up to date; null while it is.</summary>
    string? Fault { get; }

    int Count { get; }

    DateTimeOffset? LastAnswer { get; }

    long Unreadable { get; }

    /// <summary>Keeps it up to date until it is cancelled.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}

/// <summary>A cache of a kind and the reflector that writes it.</summary>
public sealed class Watched<T> : IWatched
    where T : KubernetesObject
{
    private readonly Cache<T> _cache;
    private readonly Reflector<T> _reflector;

    public Watched(KubernetesApi api, ApiResource resource, JsonTypeInfo<T> type, ChannelWriter<bool> changes, ReflectorSeams seams,
        bool isRequired)
    {
        (Resource, IsRequired) = (resource, isRequired);
        _cache = new Cache<T>(changes, seams.Time);
        _reflector = new Reflector<T>(api, resource, type, _cache, seams with { MayBeAbsent = !isRequired });
    }

    public ApiResource Resource { get; }

    public bool IsRequired { get; }

    public CacheState<T> State => _cache.State;

    public IEnumerable<T> Items => _cache.State.Items.Values;

    // A kind that the cluster does not serve is complete: there is none of it. An optional kind may also be forbidden.
    public bool IsSynced => State.IsSynced || (State.IsForbidden && !IsRequired);

    public string? Fault => State.IsServed || IsRequired ? State.Fault : null;

    public int Count => State.Items.Count;

    public DateTimeOffset? LastAnswer => _cache.LastAnswer;

    public long Unreadable => _cache.Unreadable;

    public Task RunAsync(CancellationToken cancellationToken) => _reflector.RunAsync(cancellationToken);
}
