using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SmmAgent.Contract;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Identity;

namespace SmmAgent.Linux.Dashboard;

/// <summary>The calls of the contract, for one WorkloadGroup of one dashboard. Other settings mean another client.</summary>
/// <param name="caFile">PEM file with the only authorities that are trusted; null means the system's.</param>
public sealed class DashboardClient(DashboardTarget target, string? caFile, BearerTokenFile token, string agentVersion, TimeProvider time)
    : IHostDashboard
{
    private const int MaximumAnswerBytes = 64 * 1024;

    /// <summary>How long one call may take in all, a slow body included; a long poll may take its wait longer.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly DashboardTransport _transport = new(
        target.Url.Scheme == Uri.UriSchemeHttps ? caFile : null, token, agentVersion, time);

    public DashboardTarget Target => target;

    /// <summary>Asks for the mesh configuration.</summary>
    /// <param name="etag">The ETag of the one at hand; null when there is none.</param>
    /// <param name="wait">How long the dashboard may hold the request until there is another one.</param>
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

    /// <summary>Tells the dashboard how the VM is doing. The first report binds the key to the uuid.</summary>
    public Task<DashboardResult<Accepted>> PutReportAsync(Guid uuid, AgentKey key, AgentReport report, CancellationToken cancel) =>
        _transport.CallAsync(
            WithKey(new(HttpMethod.Put, Agent(uuid)) { Content = Json(report, ContractJson.Default.AgentReport) }, key),
            Deadline,
            static (response, _) => Task.FromResult(Succeeded(response)),
            cancel);

    /// <summary>Asks how the mesh sees this VM.</summary>
    public Task<DashboardResult<Registration>> GetRegistrationAsync(Guid uuid, AgentKey key, CancellationToken cancel) =>
        _transport.CallAsync(
            WithKey(new(HttpMethod.Get, Agent(uuid, "/registration")), key), Deadline, Reader(ContractJson.Default.Registration), cancel);

    /// <summary>Asks the dashboard to connect to the address of the last report.</summary>
    public Task<DashboardResult<DialBackResponse>> DialBackAsync(
        Guid uuid, AgentKey key, DialBackRequest dialBack, CancellationToken cancel) =>
        _transport.CallAsync(
            WithKey(new(HttpMethod.Post, Agent(uuid, "/dial-back")) { Content = Json(dialBack, ContractJson.Default.DialBackRequest) },
                key),
            Deadline,
            // A list's items may be null whatever its type says.
            Reader(ContractJson.Default.DialBackResponse, isWhole: answer => !answer.Results.Contains(null!)),
            cancel);

    /// <summary>Asks for a token of the WorkloadGroup's service account for the sidecar.</summary>
    public Task<DashboardResult<TokenResponse>> PostTokenAsync(CancellationToken cancel) =>
        _transport.CallAsync(
            new(HttpMethod.Post, target.At("/tokens"))
            {
                Content = Json(new TokenRequest(DashboardApi.SidecarAudience), ContractJson.Default.TokenRequest),
            },
            Deadline,
            Reader(ContractJson.Default.TokenResponse),
            cancel);

    /// <summary>Asks for the agent's own bearer token anew.</summary>
    public Task<DashboardResult<TokenResponse>> RenewTokenAsync(Guid uuid, AgentKey key, CancellationToken cancel) =>
        _transport.CallAsync(WithKey(new(HttpMethod.Post, Agent(uuid, "/token")), key), Deadline,
            Reader(ContractJson.Default.TokenResponse), cancel);

    public void Dispose() => _transport.Dispose();

    // A proxy that compresses changes the ETag, which the dashboard would not know again.
    private static string Conditions(string etag) =>
        ProxiedETag.Original(etag) is var original && original != etag ? $"{original}, {etag}" : etag;

    private static HttpRequestMessage WithKey(HttpRequestMessage request, AgentKey key)
    {
        request.Headers.TryAddWithoutValidation(DashboardApi.AgentKeyHeader, key.Value);
        return request;
    }

    private static ByteArrayContent Json<T>(T value, JsonTypeInfo<T> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, type)) { Headers = { ContentType = new("application/json") } };

    private static DashboardResult<Accepted> Succeeded(HttpResponseMessage response) =>
        response.IsSuccessStatusCode
            ? DashboardResult<Accepted>.Good(Accepted.Instance)
            : new DashboardFailure.BadAnswer($"has the status {(int)response.StatusCode}");

    private static Func<HttpResponseMessage, CancellationToken, Task<DashboardResult<T>>> Reader<T>(
        JsonTypeInfo<T> type, Func<T, bool>? isWhole = null)
        where T : class => async (response, cancel) =>
    {
        var (body, fault) = await AnswerBody.ReadAsync(response, MaximumAnswerBytes, cancel);
        if (body is null)
            return fault!;

        try
        {
            if (JsonSerializer.Deserialize(body, type) is not { } value)
                return new DashboardFailure.BadAnswer("is null");

            return isWhole?.Invoke(value) == false
                ? new DashboardFailure.BadAnswer("is not what the contract says: an item of a list is null")
                : DashboardResult<T>.Good(value);
        }
        catch (JsonException exception)
        {
            // Not its message: that may quote the answer, and one of the answers is a token.
            return new DashboardFailure.BadAnswer($"is not what the contract says, at {OneLine.From(exception.Path ?? "$")}");
        }
    };

    private Uri Agent(Guid uuid, string below = "") => target.At($"/agents/{uuid:D}{below}");
}
