using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Network;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Identity;

namespace SmmAgent.Linux.Dashboard;

/// <summary>The calls of the contract, for one WorkloadGroup of one dashboard. Changed settings need a new client.</summary>
/// <param name="caFile">PEM file with the only trusted authorities; null for the authorities of the system.</param>
/// <param name="proxy">The proxy for the connections; null for none.</param>
public sealed class DashboardClient(
    DashboardTarget target, string? caFile, BearerTokenFile token, string agentVersion, TimeProvider time, ProxySetting? proxy = null)
    : IHostDashboard
{
    private const int MaximumAnswerBytes = 64 * 1024;

    /// <summary>The maximum duration of one call, including its body. The wait of a long poll is added.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    // A detach does not wait longer for a dashboard that does not answer.
    private static readonly TimeSpan LastReportDeadline = TimeSpan.FromSeconds(5);

    // Other providers follow if there is no answer.
    private static readonly TimeSpan SeenAddressDeadline = TimeSpan.FromSeconds(5);

    private readonly DashboardTransport _transport = new(
        target.Url.Scheme == Uri.UriSchemeHttps ? caFile : null, proxy ?? ProxySetting.None, token, agentVersion, time);

    public DashboardTarget Target => target;

    /// <summary>Requests the mesh configuration.</summary>
    /// <param name="etag">The ETag of the current configuration; null when there is none.</param>
    /// <param name="wait">How long the dashboard may hold the request until the configuration changes.</param>
    public Task<DashboardResult<MeshConfigAnswer>> GetMeshConfigAsync(string? etag, TimeSpan wait, CancellationToken cancel)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, target.At("/mesh-config"));
        if (etag is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", Conditions(etag));
        if (etag is not null && wait > TimeSpan.Zero)
            request.Headers.TryAddWithoutValidation("Prefer", $"wait={(int)wait.TotalSeconds}");
        var reader = new MeshConfigAnswerReader(target, etag);
        return _transport.CallAsync(request, Deadline + wait, reader.ReadAsync, cancel);
    }

    /// <summary>Reports the state of the VM to the dashboard. The first report binds the key to the uuid.</summary>
    public Task<DashboardResult<Accepted>> PutReportAsync(Guid uuid, AgentKey key, AgentReport report, CancellationToken cancel) =>
        PutReportAsync(uuid, key, report, Deadline, cancel);

    /// <summary>Reports that the agent was detached, within a short time.</summary>
    public Task<DashboardResult<Accepted>> PutLastReportAsync(Guid uuid, AgentKey key, AgentReport report, CancellationToken cancel) =>
        PutReportAsync(uuid, key, report, LastReportDeadline, cancel);

    /// <summary>Requests the registration of this VM in the mesh.</summary>
    public Task<DashboardResult<Registration>> GetRegistrationAsync(Guid uuid, AgentKey key, CancellationToken cancel) =>
        _transport.CallAsync(
            WithKey(new(HttpMethod.Get, Agent(uuid, "/registration")), key), Deadline, Reader(DashboardJson.ReadRegistration), cancel);

    /// <summary>Requests a connection from the dashboard to the address of the last report.</summary>
    public Task<DashboardResult<DialBackResponse>> DialBackAsync(
        Guid uuid, AgentKey key, DialBackRequest dialBack, CancellationToken cancel) =>
        _transport.CallAsync(
            WithKey(new(HttpMethod.Post, Agent(uuid, "/dial-back")) { Content = Json(DashboardJson.Write(dialBack)) }, key),
            Deadline,
            // JSON may contain null items although the item type is not nullable.
            Reader(DashboardJson.ReadDialBack, isWhole: answer => !answer.Results.Contains(null!)),
            cancel);

    /// <summary>Requests a token for the sidecar, of the service account of the WorkloadGroup.</summary>
    public Task<DashboardResult<TokenResponse>> PostTokenAsync(CancellationToken cancel) =>
        _transport.CallAsync(
            new(HttpMethod.Post, target.At("/tokens"))
            {
                Content = Json(DashboardJson.Write(new TokenRequest(DashboardApi.SidecarAudience))),
            },
            Deadline,
            Reader(DashboardJson.ReadToken),
            cancel);

    /// <summary>Requests the address from which the dashboard receives this request. Optional; older dashboards answer 404.</summary>
    public Task<DashboardResult<SeenAddress>> GetSeenAddressAsync(CancellationToken cancel) =>
        _transport.CallAsync(
            new(HttpMethod.Get, target.At("/whoami")), SeenAddressDeadline, Reader(DashboardJson.ReadSeenAddress), cancel);

    /// <summary>Requests a new bearer token for the agent.</summary>
    public Task<DashboardResult<TokenResponse>> RenewTokenAsync(Guid uuid, AgentKey key, CancellationToken cancel) =>
        _transport.CallAsync(WithKey(new(HttpMethod.Post, Agent(uuid, "/token")), key), Deadline,
            Reader(DashboardJson.ReadToken), cancel);

    public void Dispose() => _transport.Dispose();

    // A proxy that compresses answers changes the ETag, and the dashboard would not recognise the changed one.
    private static string Conditions(string etag) =>
        ProxiedETag.Original(etag) is var original && original != etag ? $"{original}, {etag}" : etag;

    private Task<DashboardResult<Accepted>> PutReportAsync(
        Guid uuid, AgentKey key, AgentReport report, TimeSpan deadline, CancellationToken cancel) =>
        _transport.CallAsync(
            WithKey(new(HttpMethod.Put, Agent(uuid)) { Content = Json(DashboardJson.Write(report)) }, key),
            deadline,
            static (response, _) => Task.FromResult(Succeeded(response)),
            cancel);

    private static HttpRequestMessage WithKey(HttpRequestMessage request, AgentKey key)
    {
        request.Headers.TryAddWithoutValidation(DashboardApi.AgentKeyHeader, key.Value);
        return request;
    }

    private static ByteArrayContent Json(byte[] body) => new(body) { Headers = { ContentType = new("application/json") } };

    private static DashboardResult<Accepted> Succeeded(HttpResponseMessage response) =>
        response.IsSuccessStatusCode
            ? DashboardResult<Accepted>.Good(Accepted.Instance)
            : new DashboardFailure.BadAnswer($"has the status {(int)response.StatusCode}");

    private static Func<HttpResponseMessage, CancellationToken, Task<DashboardResult<T>>> Reader<T>(
        Func<JsonInput, T> read, Func<T, bool>? isWhole = null)
        where T : class => async (response, cancel) =>
    {
        var (body, fault) = await AnswerBody.ReadAsync(response, MaximumAnswerBytes, cancel);
        if (body is null)
            return fault!;

        try
        {
            if (DashboardJson.Read(body, read) is not { } value)
                return new DashboardFailure.BadAnswer("is null");

            return isWhole?.Invoke(value) == false
                ? new DashboardFailure.BadAnswer("is not what the contract says: an item of a list is null")
                : DashboardResult<T>.Good(value);
        }
        catch (JsonException exception)
        {
            // Without the message of the exception: it may quote the answer, and one of the answers is a token.
            return new DashboardFailure.BadAnswer($"is not what the contract says, at {OneLine.From(exception.Path ?? "$")}");
        }
    };

    private Uri Agent(Guid uuid, string below = "") => target.At($"/agents/{uuid:D}{below}");
}
