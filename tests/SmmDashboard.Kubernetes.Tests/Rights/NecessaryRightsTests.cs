using System.Net;
using System.Text;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Rights;
using SmmDashboard.Kubernetes.Tests.Checks;

namespace SmmDashboard.Kubernetes.Tests.Rights;

/// <summary>
/// Each right of the list is needed: with all of them each call of the dashboard is allowed, and without one its calls are refused and no
/// others.
/// </summary>
[Collection(CheckedCluster.Tests)]
public sealed class NecessaryRightsTests(CheckedCluster cluster)
{
    private const string Rbac = "apis/rbac.authorization.k8s.io/v1";
    private static readonly List<Right> All = [.. DashboardRights.All(CheckedCluster.Places)];

    [Fact]
    public async Task EachRightIsNeededForItsOwnCallsAndForNoOthers()
    {
        await cluster.RequireAsync();
        var account = new ServiceAccount("smm-dashboard", $"a{Guid.NewGuid():N}");
        var token = await cluster.AccountAsync(account);
        for (var index = 0; index < All.Count; index++)
            await cluster.GrantAsync([All[index]], $"{account.Name}-{index}", account);
        await UntilAsync(token, All, HttpStatusCode.OK);

        for (var index = 0; index < All.Count; index++)
        {
            var (right, name) = (All[index], $"{account.Name}-{index}");
            var bindings = right.Namespace is null ? $"{Rbac}/clusterrolebindings" : $"{Rbac}/namespaces/{right.Namespace}/rolebindings";
            await using (await cluster.ChangedAsync("delete", $"{bindings}/{name}", ""))
            {
                await UntilAsync(token, [right], HttpStatusCode.Forbidden);
                foreach (var other in All.Where(other => other != right))
                    Assert.True(await AnswerAsync(token, other, other.Verbs[0]) != HttpStatusCode.Forbidden,
                        $"without {right.Rule}: {other.Rule}");
            }

            await UntilAsync(token, [right], HttpStatusCode.OK);
        }
    }

    /// <summary>The authorizer learns of bindings by a watch of its own.</summary>
    private async Task UntilAsync(string token, IEnumerable<Right> rights, HttpStatusCode expected)
    {
        foreach (var right in rights)
            foreach (var verb in right.Verbs)
            {
                using var atMost = new CancellationTokenSource(TimeSpan.FromSeconds(30));
                while ((await AnswerAsync(token, right, verb) == HttpStatusCode.Forbidden) != (expected == HttpStatusCode.Forbidden))
                    await Task.Delay(20, atMost.Token);
            }
    }

    // A call that is allowed may still have nothing to act on; what counts is whether it is forbidden. Calls that would change something
    // are dry runs.
    private async Task<HttpStatusCode> AnswerAsync(string token, Right right, string verb)
    {
        var (names, version) = (right.Resource.Split('/'), right.Group switch
        {
            "smm-agent.io" or "servicemesh.cisco.com" => "v1alpha1",
            "networking.istio.io" or "discovery.k8s.io" or "certificates.k8s.io" => "v1beta1",
            _ => "v1",
        });
        var path = $"{(right.Group.Length == 0 ? "api" : $"apis/{right.Group}")}/{version}/"
            + $"{(right.Namespace is null ? "" : $"namespaces/{right.Namespace}/")}{names[0]}";
        var name = right.Name ?? "0327b100-1111-4222-8333-444455556666";
        var selector = right.Name is null ? "" : $"&fieldSelector=metadata.name%3D{Uri.EscapeDataString(right.Name)}";
        var (method, target) = verb switch
        {
            "list" => (HttpMethod.Get, $"{path}?limit=1{selector}"),
            "watch" => (HttpMethod.Get, $"{path}?watch=true&timeoutSeconds=1{selector}"),
            "get" => (HttpMethod.Get, $"{path}/{name}"),
            "create" when names.Length > 1 => (HttpMethod.Post, $"{path}/{name}/{names[1]}?dryRun=All"),
            "create" => (HttpMethod.Post, $"{path}?dryRun=All"),
            "update" => (HttpMethod.Put, $"{path}/{name}?dryRun=All"),
            "patch" => (HttpMethod.Patch, $"{path}/{name}/{names[1]}?dryRun=All"),
            "delete" => (HttpMethod.Delete, $"{path}/{name}?dryRun=All"),
            _ => throw new InvalidOperationException(verb),
        };
        using var request = new HttpRequestMessage(method, target);
        request.Headers.Authorization = new("Bearer", token);
        if (method != HttpMethod.Get && method != HttpMethod.Delete)
            request.Content = new StringContent(
                "{}", Encoding.UTF8, method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        using var answer = await cluster.Server.Admin.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
