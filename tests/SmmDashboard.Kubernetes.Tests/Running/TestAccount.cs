using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using SmmDashboard.Kubernetes.Api;

namespace SmmDashboard.Kubernetes.Tests.Running;

/// <summary>A service account in a namespace of its own, without any right until a test grants one.</summary>
internal sealed class TestAccount
{
    private const string Rbac = "apis/rbac.authorization.k8s.io/v1";
    private readonly RunningApiServer _server;
    private readonly string _token;

    private TestAccount(RunningApiServer server, string @namespace, string token) =>
        (_server, Namespace, _token) = (server, @namespace, token);

    public string Namespace { get; }

    /// <summary>Its user name.</summary>
    public string User => $"system:serviceaccount:{Namespace}:dashboard";

    public static async Task<TestAccount> CreateAsync(RunningApiServer server)
    {
        await server.RequireAsync();
        var name = $"t{Guid.NewGuid():N}";
        await server.AdminAsync(HttpMethod.Post, "api/v1/namespaces", $"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}");
        var accounts = $"api/v1/namespaces/{name}/serviceaccounts";
        await server.AdminAsync(HttpMethod.Post, accounts, "{apiVersion: v1, kind: ServiceAccount, metadata: {name: dashboard}}");
        using var answer = JsonDocument.Parse(await server.AdminAsync(HttpMethod.Post, $"{accounts}/dashboard/token",
            "{apiVersion: authentication.k8s.io/v1, kind: TokenRequest, spec: {expirationSeconds: 3600}}"));
        return new(server, name, answer.RootElement.GetProperty("status").GetProperty("token").GetString()!);
    }

    /// <summary>How a pod of this account connects.</summary>
    public ApiSettings Settings(Uri? address = null)
    {
        var server = address ?? _server.Address;
        return ApiSettings.InCluster(
            name => name == "KUBERNETES_SERVICE_HOST" ? server.Host : $"{server.Port}", _server.ServiceAccountFolder(_token),
            TimeProvider.System);
    }

    /// <summary>
    /// Grants rules, as YAML of the flow style, and waits until they count: <c>{apiGroups: [""], resources: [nodes], verbs: [list]}</c>.
    /// </summary>
    /// <param name="namespace">Null for the whole cluster.</param>
    /// <param name="rules">The rules.</param>
    public async Task GrantAsync(string? @namespace, params string[] rules)
    {
        var before = await RulesAsync(@namespace ?? Namespace);
        var (role, path) = @namespace is null ? ("ClusterRole", Rbac) : ("Role", $"{Rbac}/namespaces/{@namespace}");
        var name = $"{Namespace}-{Guid.NewGuid():N}";
        var plural = role.ToLowerInvariant();
        await _server.AdminAsync(HttpMethod.Post, $"{path}/{plural}s",
            $"{{apiVersion: rbac.authorization.k8s.io/v1, kind: {role}, metadata: {{name: {name}}}, rules: [{string.Join(", ", rules)}]}}");
        await _server.AdminAsync(HttpMethod.Post, $"{path}/{plural}bindings",
            $"{{apiVersion: rbac.authorization.k8s.io/v1, kind: {role}Binding, metadata: {{name: {name}}}, "
            + $"roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {role}, name: {name}}}, subjects: [{{kind: ServiceAccount, name: "
            + $"dashboard, namespace: {Namespace}}}]}}");
        // The authorizer learns of a binding by a watch of its own.
        while (await RulesAsync(@namespace ?? Namespace) < before + rules.Length)
            await Task.Delay(20, TestContext.Current.CancellationToken);
    }

    private async Task<int> RulesAsync(string @namespace)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "apis/authorization.k8s.io/v1/selfsubjectrulesreviews");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        request.Content = new StringContent(
            $"{{apiVersion: authorization.k8s.io/v1, kind: SelfSubjectRulesReview, spec: {{namespace: {@namespace}}}}}", Encoding.UTF8,
            "application/yaml");
        using var response = await _server.Admin.SendAsync(request, TestContext.Current.CancellationToken);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return answer.RootElement.GetProperty("status").GetProperty("resourceRules").GetArrayLength();
    }
}
