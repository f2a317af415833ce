using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Watching;

/// <summary>Lists the objects of a kind, page by page.</summary>
internal static class ListReader
{
    /// <param name="api">The cluster.</param>
    /// <param name="resource">The kind.</param>
    /// <param name="version">The version of the kind, as discovery found it.</param>
    /// <param name="type">How an object is read.</param>
    /// <param name="limit">The size of a page; 0 reads all objects at once.</param>
    /// <param name="since">
    /// The oldest acceptable resource version; <c>0</c> accepts any, and an empty one requests the newest state.
    /// </param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ApiException">A page cannot be read.</exception>
    public static async IAsyncEnumerable<ListPage<T>> ReadAsync<T>(
        KubernetesApi api, ApiResource resource, string version, JsonTypeInfo<T> type, int limit, string since,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        var call = $"list {resource}";
        var path = $"{resource.ListPath(version)}?{resource.Selectors}";
        var paged = limit == 0 ? "" : $"limit={limit.ToString(CultureInfo.InvariantCulture)}";
        // Without the match, a limit would request exactly this version, which may have expired.
        var query = since switch
        {
            "" => paged,
            "0" => $"{paged}&resourceVersion=0",
            _ => $"{paged}&resourceVersion={Uri.EscapeDataString(since)}&resourceVersionMatch=NotOlderThan",
        };
        while (true)
        {
            var page = Parse(call, await api.GetAsync(call, path + query, cancellationToken), type);
            yield return page;
            if (page.Continue.Length == 0)
                yield break;

            query = $"{paged}&continue={Uri.EscapeDataString(page.Continue)}";
        }
    }

    private static ListPage<T> Parse<T>(string call, ReadOnlyMemory<byte> body, JsonTypeInfo<T> type)
        where T : KubernetesObject
    {
        try
        {
            return ListPage<T>.Read(body, type);
        }
        catch (JsonException fault)
        {
            throw ApiException.Unreadable(call, fault);
        }
    }
}
