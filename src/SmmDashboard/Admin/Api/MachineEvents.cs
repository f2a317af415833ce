using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SmmDashboard.Access;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Http;

namespace SmmDashboard.Admin.Api;

/// <summary>
/// <c>GET /v1/events</c>: server-sent events about the machines that the filters select. An event has the new state of a machine, so a slow
/// reader gets fewer events, never outdated ones, and costs no memory.
/// </summary>
public sealed class MachineEvents(MachineIndex index, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    // Proxies close a silent connection. The rights of the viewer are also checked in this interval.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _openByToken = [];
    private int _open;

    /// <summary>Opens a stream. After a success <see cref="Leave"/> must be called.</summary>
    /// <param name="token">The token of the viewer; null when no token is required.</param>
    /// <returns>The reason why it is refused; null when it is open.</returns>
    public string? Enter(PresentedToken? token)
    {
        lock (_lock)
        {
            if (_open >= AdminOptions.Streams)
                return $"{AdminOptions.Streams} event streams are open";
            if (token is not null)
            {
                var own = _openByToken.GetValueOrDefault(Key(token));
                if (own >= AdminOptions.StreamsPerToken)
                    return $"{AdminOptions.StreamsPerToken} event streams of this token are open";
                _openByToken[Key(token)] = own + 1;
            }

            _open++;
            return null;
        }
    }

    public void Leave(PresentedToken? token)
    {
        lock (_lock)
        {
            _open--;
            if (token is not null && --_openByToken[Key(token)] == 0)
                _openByToken.Remove(Key(token));
        }
    }

    /// <summary>Writes events until the client disconnects, the viewer loses its rights, or the process stops.</summary>
    /// <param name="context">The request.</param>
    /// <param name="query">The filters.</param>
    /// <param name="id">The uuid of the only machine of the stream; null for all.</param>
    /// <param name="admit">Admits the viewer again; null ends the stream.</param>
    public async Task WriteAsync(HttpContext context, MachineQuery query, string? id, Func<ValueTask<Viewer?>> admit)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.ContentType = "text/event-stream";
        var (snapshot, checkedAt) = (index.Current, clock.GetTimestamp());
        var viewer = await admit();
        var text = new StringBuilder("retry: 3000\n");
        Add(text, snapshot.Version, "ready", new VersionEvent(snapshot.Version), AdminJson.Default.VersionEvent);
        await FlushAsync(context, text, stop.Token);
        try
        {
            while (viewer is not null)
            {
                var before = snapshot.Version;
                await snapshot.Superseded.WaitAsync(Heartbeat, clock, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                stop.Token.ThrowIfCancellationRequested();
                snapshot = index.Current;
                if (clock.GetElapsedTime(checkedAt) >= Heartbeat)
                {
                    (viewer, checkedAt) = (await admit(), clock.GetTimestamp());
                    text.Append(":\n\n");
                }

                if (viewer is not null)
                    AddChanges(text, snapshot, before, viewer, (query, id));
                if (text.Length > 0)
                    await FlushAsync(context, text, stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The client has disconnected, or the process stops.
        }
        catch (UnavailableException)
        {
            // The rights cannot be checked now. The response has begun, so only its end can say that. The client connects again.
        }
    }

    private static string Key(PresentedToken token) => Convert.ToHexString(token.Sha256);

    private static void AddChanges(
        StringBuilder text, MachineSnapshot now, long before, Viewer viewer, (MachineQuery Query, string? Id) filter)
    {
        if (now.Version == before)
            return;

        if (now.MeshVersion > before && viewer.SeesMesh)
            Add(text, now.Version, "mesh", new VersionEvent(now.Version), AdminJson.Default.VersionEvent);
        if (now.Removed.Count == MachineSnapshot.MaximumRemoved && now.Removed[0].Version > before)
            Add(text, now.Version, "reset", new VersionEvent(now.Version), AdminJson.Default.VersionEvent);

        foreach (var entry in now.Entries)
        {
            if (entry.Version > before && viewer.SeesMachines(entry.Machine.Group.Namespace)
                && (filter.Id is null ? filter.Query.Matches(entry) : filter.Id == entry.Machine.Id))
                Add(text, now.Version, "machine", AdminReader.Item(entry), AdminJson.Default.MachineItem);
        }

        foreach (var (key, version) in now.Removed)
        {
            if (version > before && viewer.SeesMachines(key.Group.Namespace) && (filter.Id is null || filter.Id == key.Id))
            {
                Add(text, now.Version, "removed",
                    new RemovedEvent(key.Group.Namespace, key.Group.Name, key.Id), AdminJson.Default.RemovedEvent);
            }
        }
    }

    // JSON has no line feed, so an event is one line of data.
    private static void Add<T>(StringBuilder text, long version, string name, T data, JsonTypeInfo<T> type) =>
        text.Append("id: ").Append(version).Append("\nevent: ").Append(name).Append("\ndata: ")
            .Append(JsonSerializer.Serialize(data, type)).Append("\n\n");

    private static async Task FlushAsync(HttpContext context, StringBuilder text, CancellationToken cancellationToken)
    {
        await context.Response.WriteAsync(text.ToString(), cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
        text.Clear();
    }
}
