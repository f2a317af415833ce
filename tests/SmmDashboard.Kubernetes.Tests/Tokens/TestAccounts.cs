using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Access;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Tests.Running;
using SmmDashboard.Kubernetes.Tests.Watching;
using SmmDashboard.Kubernetes.Tokens;

namespace SmmDashboard.Kubernetes.Tests.Tokens;

/// <summary>
/// A namespace with the service account <c>vms</c> and the WorkloadGroup <c>web</c> of it, and what judges and makes tokens there.
/// </summary>
internal sealed class TestAccounts : IDisposable
{
    public const string Audience = "smm-dashboard";
    public const string ApiAudience = "https://kubernetes.default.svc";

    private readonly RunningApiServer _server;
    private readonly KubernetesApi _api;
    private readonly TokenOptions _options;

    // Old API servers make equal tokens within a second.
    private int _made;

    private TestAccounts(RunningApiServer server, string space, string clientToken, Uri address, TokenOptions options, DateTimeOffset time)
    {
        (_server, Namespace, Time) = (server, space, new(time));
        _api = new KubernetesApi(
            ApiSettings.InCluster(
                name => name == "KUBERNETES_SERVICE_HOST" ? address.Host : $"{address.Port}", server.ServiceAccountFolder(clientToken),
                TimeProvider.System),
            TimeProvider.System);
        _options = options;
        Mesh.Replace(Mesh.Settings, [Group]);
        Reviews = new ReviewedTokens(_api, options, Mesh, Time, ReviewLog);
        Requester = new TokenRequester(_api, Time, RequestLog);
        Renewals = new RenewedTokens(Requester, options);
    }

    public string Namespace { get; }

    public FakeTimeProvider Time { get; }

    public CurrentMesh Mesh { get; } = new(new MeshSettings("https://smm.example.com"));

    public ServiceAccount Account => new(Namespace, "vms");

    public GroupEntry Group => new(new(Namespace, "web"), Account, Served: null, "not composed");

    public ReviewedTokens Reviews { get; }

    public TestLog<ReviewedTokens> ReviewLog { get; } = new();

    public TokenRequester Requester { get; }

    public TestLog<TokenRequester> RequestLog { get; } = new();

    public RenewedTokens Renewals { get; }

    public static async Task<TestAccounts> StartAsync(
        RunningApiServer server, Uri? address = null, TokenOptions? options = null, string clientToken = RunningApiServer.AdminToken,
        DateTimeOffset? time = null)
    {
        await server.RequireAsync();
        var space = await WatchedConfigMaps.NewNamespaceAsync(server);
        var accounts = new TestAccounts(
            server, space, clientToken, address ?? server.Address, options ?? new(), time ?? TimeProvider.System.GetUtcNow());
        await accounts.CreateAccountAsync();
        return accounts;
    }

    public ValueTask<TokenValidation> ValidateAsync(string token) =>
        Reviews.ValidateAsync(new PresentedToken(token), TestContext.Current.CancellationToken);

    public async Task<TokenValidation.Accepted> AcceptedAsync(string token) =>
        Assert.IsType<TokenValidation.Accepted>(await ValidateAsync(token));

    public async Task<TokenValidation.Refused> RefusedAsync(string token) =>
        Assert.IsType<TokenValidation.Refused>(await ValidateAsync(token));

    /// <summary>
    /// Waits until the API server refuses a token: it sees a deletion a little later, and keeps a verdict for ten seconds.
    /// </summary>
    public async Task<TokenValidation.Refused> UntilRefusedAsync(string token)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Until.Patience; await Task.Delay(100, TestContext.Current.CancellationToken))
        {
            // One that remembers nothing.
            using var reviews = new ReviewedTokens(_api, _options, Mesh, Time, ReviewLog);
            if (await reviews.ValidateAsync(
                new PresentedToken(token), TestContext.Current.CancellationToken) is TokenValidation.Refused refused)
                return refused;
        }

        throw new TimeoutException("the API server still takes the token");
    }

    /// <summary>A token as an administrator makes it with kubectl.</summary>
    public async Task<string> TokenAsync(string audience = Audience, string? secret = null, string account = "vms")
    {
        var bound = secret is null ? "" : $", boundObjectRef: {{apiVersion: v1, kind: Secret, name: {secret} }}";
        var made = await _server.AdminAsync(HttpMethod.Post, $"api/v1/namespaces/{Namespace}/serviceaccounts/{account}/token",
            $"{{apiVersion: authentication.k8s.io/v1, kind: TokenRequest, spec: {{audiences: [\"{audience}\"], expirationSeconds: "
                + $"{3600 + Interlocked.Increment(ref _made)}{bound} }} }}");
        return JsonDocument.Parse(made).RootElement.GetProperty("status").GetProperty("token").GetString()!;
    }

    /// <summary>Makes tokens at another rate.</summary>
    public TokenRequester RequesterOf(SmmDashboard.Http.Rate perAccount) => new(_api, Time, RequestLog, perAccount);

    public Task CreateAccountAsync() => _server.AdminAsync(
        HttpMethod.Post, $"api/v1/namespaces/{Namespace}/serviceaccounts",
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: vms} }");

    public Task DeleteAccountAsync() => _server.AdminAsync(HttpMethod.Delete, $"api/v1/namespaces/{Namespace}/serviceaccounts/vms");

    public Task CreateSecretAsync(string name) => _server.AdminAsync(
        HttpMethod.Post, $"api/v1/namespaces/{Namespace}/secrets", $"{{apiVersion: v1, kind: Secret, metadata: {{name: {name} }} }}");

    public Task DeleteSecretAsync(string name) => _server.AdminAsync(HttpMethod.Delete, $"api/v1/namespaces/{Namespace}/secrets/{name}");

    public async Task<string> UidAsync(string kind, string name) => JsonDocument.Parse(
        await _server.AdminAsync(HttpMethod.Get, $"api/v1/namespaces/{Namespace}/{kind}/{name}")).RootElement.GetProperty("metadata")
        .GetProperty("uid").GetString()!;

    public void Dispose()
    {
        Reviews.Dispose();
        Requester.Dispose();
        _api.Dispose();
    }
}
