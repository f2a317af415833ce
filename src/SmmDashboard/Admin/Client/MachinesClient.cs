using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SmmAgent.Contract;
using SmmDashboard.Admin.Api;
using SmmDashboard.Http;

namespace SmmDashboard.Admin.Client;

/// <summary>A client of the admin listener, for the command line.</summary>
/// <param name="server">The URL of the admin listener.</param>
/// <param name="token">The bearer token; null sends none.</param>
/// <param name="authorities">The authorities to trust; null are those of the system.</param>
public sealed class MachinesClient(Uri server, string? token, X509Certificate2Collection? authorities) : IDisposable
{
    private const int MaximumAnswer = 16 * 1024 * 1024;

    // 100,000 machines, more than a dashboard has. A server that is not a dashboard may never end its list.
    private const int MaximumPages = 200;

    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RequestTime = TimeSpan.FromSeconds(30);

    private readonly Uri _shown = WithoutUser(server);
    private readonly ConnectionFailure _failure = new(WithoutUser(server));
    private HttpClient? _client;

    /// <summary>Reads all pages of the list.</summary>
    /// <param name="query">The filters as the query of a URL, without a question mark.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MachinesException">The list cannot be read.</exception>
    public async Task<MachineListAnswer> ListAsync(string query, CancellationToken cancellationToken)
    {
        var all = new List<MachineItem>();
        string? next = null;
        for (var pages = 1; pages <= MaximumPages; pages++)
        {
            var position = next is null ? "" : $"&continue={Uri.EscapeDataString(next)}";
            var path = $"v1/machines?limit=500{(query.Length > 0 ? $"&{query}" : "")}{position}";
            var page = await GetAsync(path, AdminJson.Default.MachineListAnswer, cancellationToken);
            all.AddRange(page.Items);
            if ((next = page.Continue) is null)
                return page with { Items = all };
        }

        throw new MachinesException($"{_shown} has more than {MaximumPages} pages of machines; select some with a filter");
    }

    /// <summary>The URL without a user name and a password, for messages.</summary>
    public static Uri WithoutUser(Uri url) => new UriBuilder(url) { UserName = "", Password = "" }.Uri;

    /// <exception cref="MachinesException">The machine cannot be read.</exception>
    public Task<MachineAnswer> MachineAsync(string space, string group, string idOrName, CancellationToken cancellationToken) => GetAsync(
        $"v1/machines/{Uri.EscapeDataString(space)}/{Uri.EscapeDataString(group)}/{Uri.EscapeDataString(idOrName)}",
        AdminJson.Default.MachineAnswer, cancellationToken);

    public void Dispose() => _client?.Dispose();

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server, path));
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            _client ??= Create(authorities, _failure);
            using var answer = await _client.SendAsync(request, cancellationToken);
            var content = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            if (answer.StatusCode != HttpStatusCode.OK)
                throw new MachinesException(Explain(answer.StatusCode, content));
            return JsonSerializer.Deserialize(content, type) ?? throw new JsonException("the answer is null");
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The time to connect ends with an exception in this one.
            var timeout = exception.InnerException is TimeoutException { InnerException: null } ? ConnectTime : RequestTime;
            throw new MachinesException(_failure.Explain(exception, timeout), exception);
        }
    }

    private string Explain(HttpStatusCode status, byte[] content)
    {
        try
        {
            // The API for VMs answers, but has no machines.
            if (JsonSerializer.Deserialize(content, ContractJson.Default.Problem) is { Detail: { } detail }
                && !detail.StartsWith(ApiProblem.UnknownPath, StringComparison.Ordinal))
            {
                var fix = status != HttpStatusCode.Unauthorized ? ""
                    : token is null ? "; give a token: --token-file FILE"
                    : "; give another token: --token-file FILE";
                return $"{_shown} answered {(int)status}: {OneLine.From(detail, OneLine.MaximumDetail)}{fix}";
            }
        }
        catch (JsonException)
        {
            // Not an answer of the dashboard.
        }

        return $"{_shown} answered {(int)status}, so it is not the admin listener of a dashboard; give --server "
            + "the URL of --admin";
    }

    private static HttpClient Create(X509Certificate2Collection? authorities, ConnectionFailure failure)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, ConnectTimeout = ConnectTime };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            failure.Accepts(certificate, chain, errors);
        if (authorities is not null)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck
            };
            policy.CustomTrustStore.AddRange(authorities);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        return new HttpClient(handler) { Timeout = RequestTime, MaxResponseContentBufferSize = MaximumAnswer };
    }
}

/// <summary>The admin listener did not give the requested answer.</summary>
public sealed class MachinesException(string message, Exception? inner = null) : Exception(message, inner);
