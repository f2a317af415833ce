using System.Text.Json;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Deploy;

/// <summary>
/// What the Roles of <c>deploy/kubernetes</c> allow the dashboard's service account, and what they do not, by the real API server.
/// </summary>
[Collection(DeployedCluster.Tests)]
public sealed class RightsTests(RunningApiServer server, DeployedCluster cluster)
{
    private const string Group = "apis/smm-agent.io/v1alpha1/namespaces";
    private const string Machine = "0327b100-1111-4222-8333-444455556666";

    private static readonly string[] Verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

    // Kinds that the API server of the tests may not serve. It judges rights all the same.
    private static readonly string[] Foreign =
    [
        "networking.istio.io/workloadgroups", "networking.istio.io/workloadentries", "networking.istio.io/gateways",
            "servicemesh.cisco.com/istiocontrolplanes",
        "servicemesh.cisco.com/peeristiocontrolplanes", "gateway.networking.k8s.io/gateways", "networking.k8s.io/servicecidrs",
            "networking.k8s.io/ipaddresses",
        "certificates.k8s.io/clustertrustbundles", "admissionregistration.k8s.io/validatingadmissionpolicies",
            "discovery.k8s.io/endpointslices",
    ];

    [Fact]
    public async Task ClusterRoleReadsTheMeshAndWritesNothing()
    {
        await cluster.RequireAsync();

        Assert.Equal(
            [
                "/namespaces: list watch", "/nodes: list watch",
                "admissionregistration.k8s.io/mutatingwebhookconfigurations: list watch",
                "admissionregistration.k8s.io/validatingwebhookconfigurations: list watch",
                "authentication.k8s.io/tokenreviews: create",
                "authorization.k8s.io/selfsubjectaccessreviews: create", "authorization.k8s.io/selfsubjectrulesreviews: create",
                "networking.istio.io/workloadentries: list watch", "networking.istio.io/workloadgroups: list watch",
                "networking.k8s.io/ipaddresses: list watch", "networking.k8s.io/servicecidrs: list watch",
                "smm-agent.io/attachedmachines: get list watch",
            ],
            await AllowedAsync(null));
    }

    [Theory]
    [InlineData("other")]
    [InlineData("kube-system")]
    [InlineData("default", "events.k8s.io/events: create")]
    [InlineData("istio-system", "/configmaps: list watch", "/services: list watch", "apps/deployments: list watch",
        "discovery.k8s.io/endpointslices: list watch", "events.k8s.io/events: create",
        "gateway.networking.k8s.io/gateways: list watch", "servicemesh.cisco.com/istiocontrolplanes: list watch",
        "servicemesh.cisco.com/peeristiocontrolplanes: list watch")]
    [InlineData("vm-integration", "events.k8s.io/events: create", "smm-agent.io/attachedmachines: create delete",
        "smm-agent.io/attachedmachines/status: patch")]
    [InlineData("smm-dashboard", "coordination.k8s.io/leases: create")]
    public async Task NamespaceRoleAddsOnlyItsOwnRights(string @namespace, params string[] added)
    {
        await cluster.RequireAsync();

        var everywhere = (await AllowedAsync(null)).SelectMany(Pairs).ToHashSet();
        var here = (await AllowedAsync(@namespace)).SelectMany(Pairs);

        Assert.Equal(added.SelectMany(Pairs).Order(StringComparer.Ordinal), here.Except(everywhere).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("vm-integration", "create", "/serviceaccounts/token", "analytics", true)]
    [InlineData("vm-integration", "create", "/serviceaccounts/token", "default", false)]
    [InlineData("other", "create", "/serviceaccounts/token", "analytics", false)]
    [InlineData("smm-dashboard", "create", "/serviceaccounts/token", "smm-dashboard", false)]
    [InlineData("kube-system", "create", "/serviceaccounts/token", "namespace-controller", false)]
    [InlineData("vm-integration", "get", "/serviceaccounts", "analytics", true)]
    [InlineData("vm-integration", "get", "/serviceaccounts", "default", false)]
    [InlineData("other", "get", "/serviceaccounts", "analytics", false)]
    [InlineData(null, "watch", "/configmaps", "istio-ca-root-cert", true)]
    [InlineData(null, "watch", "/configmaps", "settings", false)]
    [InlineData("vm-integration", "get", "/configmaps", "settings", false)]
    [InlineData("default", "watch", "discovery.k8s.io/endpointslices", "kubernetes", true)]
    [InlineData("default", "watch", "discovery.k8s.io/endpointslices", "another", false)]
    [InlineData("vm-integration", "watch", "discovery.k8s.io/endpointslices", "kubernetes", false)]
    [InlineData("vm-integration", "get", "/secrets", "vm1", false)]
    [InlineData("istio-system", "get", "/secrets", "cacerts", false)]
    [InlineData("smm-dashboard", "get", "/secrets", "smm-dashboard-tls", false)]
    [InlineData("smm-dashboard", "update", "coordination.k8s.io/leases", "smm-dashboard-sweeper", true)]
    [InlineData("smm-dashboard", "update", "coordination.k8s.io/leases", "another", false)]
    [InlineData(null, "watch", "certificates.k8s.io/clustertrustbundles", "istio.io:istiod-ca:root-cert", true)]
    [InlineData(null, "watch", "certificates.k8s.io/clustertrustbundles", "another", false)]
    public async Task RightForOneNameDoesNotCoverAnother(string? @namespace, string verb, string resource, string name, bool isAllowed)
    {
        await cluster.RequireAsync();

        Assert.Equal(isAllowed, await IsAllowedAsync(verb, resource, @namespace, name));
    }

    [Theory]
    [InlineData("POST", "api/v1/namespaces/vm-integration/serviceaccounts/analytics/token", 201, TokenRequest)]
    [InlineData("POST", "api/v1/namespaces/vm-integration/serviceaccounts/default/token", 403, TokenRequest)]
    [InlineData("POST", "api/v1/namespaces/other/serviceaccounts/analytics/token", 403, TokenRequest)]
    [InlineData("GET", "api/v1/configmaps?fieldSelector=metadata.name%3Distio-ca-root-cert", 200)]
    [InlineData("GET", "api/v1/configmaps?fieldSelector=metadata.name%3Danother", 403)]
    [InlineData("GET", "api/v1/namespaces/vm-integration/configmaps", 403)]
    [InlineData("GET", "api/v1/configmaps", 403)]
    [InlineData("GET", "api/v1/namespaces/istio-system/configmaps", 200)]
    [InlineData("GET", "api/v1/secrets", 403)]
    [InlineData("GET", "api/v1/namespaces/smm-dashboard/secrets", 403)]
    [InlineData("GET", "api/v1/pods", 403)]
    [InlineData("GET", "apis/smm-agent.io/v1alpha1/attachedmachines", 200)]
    [InlineData("POST", $"{Group}/other/attachedmachines", 403, "{}")]
    [InlineData("POST", "api/v1/namespaces/vm-integration/serviceaccounts", 403, "{}")]
    [InlineData("POST", "apis/rbac.authorization.k8s.io/v1/namespaces/vm-integration/rolebindings", 403, "{}")]
    public async Task CallsOfTheDashboardFollowItsRights(string method, string path, int status, string? body = null)
    {
        await cluster.RequireAsync();

        var answer = await cluster.CallAsync(method, path, body);

        Assert.True((int)answer.Status == status, $"{(int)answer.Status} {answer.Body}");
    }

    /// <summary>The policy needs Kubernetes 1.30: an older server has the limits of its own only.</summary>
    [Theory]
    [InlineData("""{"audiences":["istio-ca"],"expirationSeconds":3600}""", true)]
    [InlineData("""{"audiences":["smm-dashboard"],"expirationSeconds":86400}""", true)]
    [InlineData("""{"audiences":["istio-ca"],"expirationSeconds":3601}""", false)]
    [InlineData("""{"audiences":["smm-dashboard"],"expirationSeconds":86401}""", false)]
    [InlineData("""{"audiences":["vault"],"expirationSeconds":3600}""", false)]
    [InlineData("""{"audiences":["istio-ca","vault"],"expirationSeconds":3600}""", false)]
    [InlineData("""{"audiences":[],"expirationSeconds":3600}""", false)]
    public async Task OnlyTokensOfSidecarsAndAgentsAreCreated(string spec, bool isAllowed)
    {
        await cluster.RequireAsync();
        var hasPolicy = !cluster.NotServed.Contains("ValidatingAdmissionPolicy smm-dashboard-tokens");

        var answer = await cluster.CallAsync(
            "POST", "api/v1/namespaces/vm-integration/serviceaccounts/analytics/token",
            $$"""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{{spec}}}""");

        Assert.Equal(isAllowed || !hasPolicy, answer.Status == System.Net.HttpStatusCode.Created);
        if (hasPolicy && !isAllowed)
            Assert.Contains("smm-dashboard", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MachineCanBeCreatedReportedAndDeletedButNotRebound()
    {
        await cluster.RequireAsync();
        var machine = $"{Group}/vm-integration/attachedmachines/{Machine}";

        var made = await cluster.CallAsync("POST", $"{Group}/vm-integration/attachedmachines", $$$"""
            {"apiVersion":"smm-agent.io/v1alpha1","kind":"AttachedMachine","metadata":{"name":"{{{Machine}}}"},
             "spec":{"workloadGroup":"analytics-v0","keySha256":"{{{new string('a', 64)}}}"}}
            """);
        var reported = await cluster.CallAsync("PATCH", $"{machine}/status", """{"status":{"host":"vm1"}}""");
        var changed = await cluster.CallAsync("PATCH", machine, """{"spec":{"workloadGroup":"another"}}""");
        var deleted = await cluster.CallAsync("DELETE", machine);

        Assert.Equal([201, 200, 403, 200], [(int)made.Status, (int)reported.Status, (int)changed.Status, (int)deleted.Status]);
    }

    private const string TokenRequest =
        """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"audiences":["istio-ca"],"expirationSeconds":3600}}""";

    private static IEnumerable<string> Pairs(string right)
    {
        var parts = right.Split(": ");
        return parts[1].Split(' ').Select(verb => $"{parts[0]} {verb}");
    }

    /// <returns>For each resource with any, the verbs that are allowed without a name.</returns>
    private async Task<IReadOnlyList<string>> AllowedAsync(string? @namespace)
    {
        var resources = await ResourcesAsync();
        var rights = new List<string>();
        foreach (var resource in resources)
        {
            var verbs = new List<string>();
            foreach (var verb in Verbs)
            {
                if (await IsAllowedAsync(verb, resource, @namespace, null))
                    verbs.Add(verb);
            }

            if (verbs.Count > 0)
                rights.Add($"{resource}: {string.Join(' ', verbs)}");
        }

        return rights;
    }

    private async Task<bool> IsAllowedAsync(string verb, string resource, string? @namespace, string? name)
    {
        var parts = resource.Split('/');
        var review = JsonSerializer.Serialize(new
        {
            apiVersion = "authorization.k8s.io/v1",
            kind = "SubjectAccessReview",
            spec = new
            {
                user = DeployedCluster.Account,
                groups = (string[])["system:serviceaccounts", "system:serviceaccounts:smm-dashboard", "system:authenticated"],
                resourceAttributes = new
                {
                    verb, group = parts[0], resource = parts[1], subresource = parts.ElementAtOrDefault(2) ?? "",
                    @namespace = @namespace ?? "", name = name ?? ""
                },
            },
        });
        using var answer = JsonDocument.Parse(
            await server.AdminAsync(HttpMethod.Post, "apis/authorization.k8s.io/v1/subjectaccessreviews", review, "application/json"));
        return answer.RootElement.GetProperty("status").GetProperty("allowed").GetBoolean();
    }

    /// <returns>Every resource and subresource that the server serves, as GROUP/RESOURCE, and those of a mesh.</returns>
    private async Task<IReadOnlyList<string>> ResourcesAsync()
    {
        var found = Foreign.ToHashSet(StringComparer.Ordinal);
        using var groups = JsonDocument.Parse(await server.AdminAsync(HttpMethod.Get, "apis"));
        var versions = groups.RootElement.GetProperty("groups").EnumerateArray()
            .SelectMany(group => group.GetProperty("versions").EnumerateArray())
            .Select(version => version.GetProperty("groupVersion").GetString()!);
        foreach (var version in versions.Prepend("v1"))
        {
            using var list = JsonDocument.Parse(await server.AdminAsync(HttpMethod.Get, version == "v1" ? "api/v1" : $"apis/{version}"));
            foreach (var resource in list.RootElement.GetProperty("resources").EnumerateArray())
                found.Add($"{(version == "v1" ? "" : version.Split('/')[0])}/{resource.GetProperty("name").GetString()}");
        }

        return [.. found.Order(StringComparer.Ordinal)];
    }
}
