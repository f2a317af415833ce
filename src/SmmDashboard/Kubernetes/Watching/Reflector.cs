using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Watching;

/// <summary>
/// Keeps a <see cref="Cache{T}"/> equal to the API server's objects of a kind: it lists them, watches from there, and lists again when the
/// server no longer knows the resource version. It follows the rules of client-go's reflector. It runs until cancelled, and the cache
/// keeps its objects.
/// </summary>
public sealed class Reflector<T>(
    KubernetesApi api, ApiResource resource, JsonTypeInfo<T> type, Cache<T> cache, ReflectorSeams seams)
    where T : KubernetesObject
{
    // The server takes objects of up to 3 MiB.
    private const int LongestLine = 8 * 1024 * 1024;

    // A watch that keeps failing at the same version is replaced by a list.
    private const int MostFailures = 5;

    // Such a page is readable even if its objects have 3 MiB each.
    private const int SmallestPage = 10;
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(60);

    // An API server that has just started refuses everything until it has read its roles. A right that is missing stays missing for longer.
    private static readonly ExponentialBackoff Refusal = new(TimeSpan.FromSeconds(1), AskAgain);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan TooShort = TimeSpan.FromSeconds(1);

    private readonly Discovery _discovery = new(api);
    private readonly WatchBackoff _backoff = new(seams.Time, seams.Random);
    private readonly HashSet<ObjectKey> _logged = [];
    private string? _version;
    private string _seen = "";
    private bool _mustList = true;
    private bool _isExpired;
    private int _pageSize = seams.PageSize;
    private int _failures;
    private int _refusals;

    private string WatchCall => $"watch {resource}";

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan wait;
            try
            {
                wait = _mustList ? await ListAsync(cancellationToken) : await WatchAsync(cancellationToken);
            }
            catch (ApiException fault)
            {
                wait = After(fault);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait, seams.Time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<TimeSpan> ListAsync(CancellationToken cancellationToken)
    {
        _version ??= await _discovery.FindVersionAsync(resource, cancellationToken);
        if (_version is null)
            return NotServed();

        try
        {
            await ListPagesAsync(_version, _isExpired ? "" : _seen.Length == 0 ? "0" : _seen, _pageSize, cancellationToken);
        }
        catch (ApiException fault) when (fault.Fault is ApiFault.Expired or ApiFault.TooLargeResourceVersion)
        {
            // The version or a continue token has expired: read everything at once, in its current state.
            _isExpired = true;
            await ListPagesAsync(_version, "", 0, cancellationToken);
        }
        catch (ApiException fault) when (fault.Fault is ApiFault.Unreadable or ApiFault.TimedOut)
        {
            // The server's cache ignores the limit, so the list may be too large or too slow as a whole. The newest state comes in pages.
            (_isExpired, _pageSize) = (true, Math.Max(SmallestPage, _pageSize / 10));
            throw;
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.NotFound)
        {
            // The kind is gone, has other versions, or the server starts: discovery decides which.
            _version = await _discovery.FindVersionAsync(resource, cancellationToken);
            if (_version is null)
                return NotServed();
            throw;
        }

        (_mustList, _isExpired, _failures, _pageSize) = (false, false, 0, seams.PageSize);
        return TimeSpan.Zero;
    }

    private async Task ListPagesAsync(string version, string since, int limit, CancellationToken cancellationToken)
    {
        var items = new Dictionary<ObjectKey, T>();
        var unreadable = new HashSet<ObjectKey>();
        var listed = "";
        try
        {
            await foreach (var page in ListReader.ReadAsync(api, resource, version, type, limit, since, cancellationToken))
            {
                foreach (var item in page.Items)
                    items[ObjectKey.From(item.Metadata)] = item;
                foreach (var (key, reason) in page.Unreadable)
                    unreadable.Add(Unreadable(key, reason));
                listed = page.ResourceVersion;
            }
        }
        catch (ApiException fault) when (fault.InnerException is JsonException)
        {
            cache.CountUnreadable();
            throw;
        }

        Recovered();
        _logged.IntersectWith(unreadable);
        cache.Replace(items, unreadable);
        _seen = listed;
        seams.Log.Listed(resource.ToString(), items.Count, _seen);
    }

    private async Task<TimeSpan> WatchAsync(CancellationToken cancellationToken)
    {
        var seconds = 300 + seams.Random.Next(301);
        using var deadline = new Deadline(TimeSpan.FromSeconds(seconds) + Grace, seams.Time, cancellationToken);
        var started = seams.Time.GetTimestamp();
        var lines = 0;
        try
        {
            var path = string.Create(
                CultureInfo.InvariantCulture,
                $"{resource.ListPath(_version!)}?{resource.Selectors}watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}"
                    + $"&resourceVersion={Uri.EscapeDataString(_seen)}");
            using var response = await api.OpenAsync(WatchCall, path, deadline.Token);
            await using var stream = await response.Content.ReadAsStreamAsync(deadline.Token);
            Recovered();
            var reader = new BoundedLines(stream, LongestLine);
            while (await reader.NextAsync(deadline.Token) is { } line)
            {
                lines++;
                cache.RecordAnswer();
                Take(line);
                _failures = 0;
            }
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            // The server ignored its own time limit, or the connection is dead: watch again from the last version.
            return TimeSpan.Zero;
        }
        catch (Exception fault) when (fault is JsonException or InvalidDataException)
        {
            cache.CountUnreadable();
            _mustList = true;
            throw fault is JsonException json
                ? ApiException.Unreadable(WatchCall, json) : ApiException.Unreadable(WatchCall, fault.Message, fault);
        }
        catch (Exception thrown) when (thrown is not ApiException && ApiException.From(WatchCall, thrown) is { } fault)
        {
            throw fault;
        }

        // The normal end of a watch. One that ends at once would make this a busy loop.
        return lines == 0 && seams.Time.GetElapsedTime(started) < TooShort ? Failed(null) : TimeSpan.Zero;
    }

    private void Take(ReadOnlyMemory<byte> line)
    {
        var (change, bytes) = WatchLine.Split(line);
        if (change == WatchEvent.Error)
            throw ApiException.Refused(WatchCall, 0, bytes.Span);
        if (change == WatchEvent.Unknown)
            return;

        T? item = null;
        try
        {
            item = WatchLine.Read(bytes.Span, type);
        }
        catch (JsonException fault) when (WatchLine.Metadata(bytes) is { ResourceVersion.Length: > 0 } metadata)
        {
            // One object must not stop the kind.
            _seen = metadata.ResourceVersion;
            if (change == WatchEvent.Deleted)
                cache.Remove(ObjectKey.From(metadata));
            else
                Unreadable(ObjectKey.From(metadata), ApiException.Reason(fault));
            return;
        }

        if (item is not { Metadata.ResourceVersion.Length: > 0 })
            throw new JsonException("an object of the watch has no metadata.resourceVersion");

        var key = ObjectKey.From(item.Metadata);
        if (change == WatchEvent.Deleted)
            cache.Remove(key);
        else if (change != WatchEvent.Bookmark)
            cache.Set(item);
        if (change != WatchEvent.Bookmark)
            _logged.Remove(key);
        _seen = item.Metadata.ResourceVersion;
    }

    private ObjectKey Unreadable(ObjectKey key, string reason)
    {
        cache.CountUnreadable();
        if (_logged.Add(key))
            seams.Log.Unreadable(resource.ToString(), key.ToString(), reason);
        return key;
    }

    private TimeSpan NotServed()
    {
        if (cache.State.IsServed)
        {
            var kind = resource.ToString();
            seams.Log.NotServed(seams.MayBeAbsent ? LogLevel.Information : LogLevel.Warning, kind);
        }

        cache.NotServed($"{resource.Kind} is not served by this cluster: is its CRD installed?");
        // Objects of a CRD that comes back have versions of their own.
        (_seen, _mustList) = ("", true);
        return Spread(AskAgain);
    }

    /// <summary>Decides what to do after a failure, and how long to wait before it.</summary>
    private TimeSpan After(ApiException fault)
    {
        switch (fault.Fault)
        {
            case ApiFault.Expired or ApiFault.TooLargeResourceVersion when !_mustList:
                (_mustList, _isExpired) = (true, true);
                return Failed(fault.RetryAfter, null);
            case ApiFault.Forbidden:
                ReportFault(fault.Message, isForbidden: true);
                return Spread(Refusal.After(++_refusals));
            case ApiFault.NotFound:
                _mustList = true;
                break;
            default:
                // If the server may recover, the watch continues from the last version; otherwise a list restores a good state.
                _mustList |= !fault.IsTransient && fault.Fault != ApiFault.Unauthorized;
                break;
        }

        return Failed(fault.RetryAfter, fault.Message);
    }

    private TimeSpan Failed(TimeSpan? retryAfter, string? fault = null)
    {
        if (fault is not null)
            ReportFault(fault);
        if (++_failures >= MostFailures)
            _mustList = true;
        return _backoff.Next(retryAfter);
    }

    private void ReportFault(string fault, bool isForbidden = false)
    {
        if (cache.State.Fault != fault)
            seams.Log.Failed(resource.ToString(), fault);
        cache.SetFault(fault, isForbidden);
    }

    private void Recovered()
    {
        _refusals = 0;
        if (cache.State.Fault is null)
            return;
        seams.Log.Recovered(resource.ToString());
        cache.SetFault(null);
    }

    // Replicas that start together do not call the server together.
    private TimeSpan Spread(TimeSpan about) => about * (0.9 + (seams.Random.NextDouble() / 5));
}
