using System.Text.Json.Serialization.Metadata;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Watching;

namespace SmmDashboard.Kubernetes.Checks;

/// <summary>How a kind was listed.</summary>
/// <param name="Version">Null when the cluster does not serve the kind, or it could not be listed.</param>
/// <param name="Fault">The reason why the list failed; null when it succeeded, or the kind is not served.</param>
/// <param name="Unreadable">Objects that could not be read, each with the reason.</param>
internal sealed record ListedKind(ApiResource Resource, string? Version, int Count, ApiException? Fault, IReadOnlyList<string> Unreadable)
{
    public bool IsServed => Version is not null || Fault is not null;
}

/// <summary>Lists objects once, page by page.</summary>
internal sealed class ObjectLister(KubernetesApi api)
{
    private const int PageSize = 500;
    private readonly Discovery _discovery = new(api);

    /// <summary>The kinds that were listed so far.</summary>
    public List<ListedKind> Kinds { get; } = [];

    /// <returns>The objects; none where the kind is not served or may not be listed; <see cref="Kinds"/> has the reason.</returns>
    public async Task<IReadOnlyList<T>> ListAsync<T>(ApiResource resource, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        try
        {
            var version = await _discovery.FindVersionAsync(resource, cancellationToken);
            var (items, unreadable) = version is null ? ([], []) : await PagesAsync(resource, version, type, cancellationToken);
            Kinds.Add(new(resource, version, items.Count, null, unreadable));
            return items;
        }
        catch (ApiException fault)
        {
            Kinds.Add(new(resource, null, 0, fault, []));
            return [];
        }
    }

    /// <summary>How a kind was listed.</summary>
    public ListedKind Of(ApiResource resource) => Kinds.First(kind => kind.Resource.Kind == resource.Kind);

    private async Task<(List<T> Items, List<string> Unreadable)> PagesAsync<T>(
        ApiResource resource, string version, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        var (items, unreadable) = (new List<T>(), new List<string>());
        await foreach (var page in ListReader.ReadAsync(api, resource, version, type, PageSize, since: "", cancellationToken))
        {
            items.AddRange(page.Items);
            unreadable.AddRange(page.Unreadable.Select(one => $"{one.Key}: {one.Reason}"));
        }

        return (items, unreadable);
    }
}
