using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SmmDashboard.Access;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Rights;
using SmmDashboard.Kubernetes.Tests.Checks;
using SmmDashboard.Kubernetes.Tests.Running;
using SmmDashboard.Kubernetes.Viewers;
using SmmDashboard.Startup;

namespace SmmDashboard.Kubernetes.Tests.Viewers;

/// <summary>What a viewer sees of the machines of two namespaces, by the RBAC of the real API server.</summary>
[Collection(CheckedCluster.Tests)]
public sealed class ViewersTests(CheckedCluster cluster)
{
    private const string Plain = "v1/namespaces/vms-plain/workloadgroups/analytics-v0";

    private static readonly Right Machines = new("smm-agent.io", "attachedmachines", "get") { Without = "" };
    private static readonly Right Groups = new("networking.istio.io", "workloadgroups", "get") { Without = "" };

    [Fact]
    public async Task ViewerSeesTheNamespacesInWhichItMayGetMachines()
    {
        await cluster.RequireAsync();
        await using var dashboard = await StartAsync();
        var plain = new TestAgent(dashboard, Plain, await cluster.TokenAsync("vms-plain", "default"));
        var smm = new TestAgent(dashboard, MeshCluster.SmmGroup, await cluster.TokenAsync("vm-smm", "default"));
        Assert.Equal(HttpStatusCode.NoContent, (await plain.ReportAsync("198.51.100.11")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await smm.ReportAsync("198.51.100.12")).Status);

        var all = await ViewerAsync(null, Machines, Groups);
        await RunningDashboard.UntilAsync("both are shown", async () =>
            (await UuidsAsync(dashboard, all)).Intersect([$"{plain.Uuid}", $"{smm.Uuid}"]).Count() == 2);

        var one = await ViewerAsync("vms-plain", Machines, Groups);
        Assert.Contains($"{plain.Uuid}", await UuidsAsync(dashboard, one));
        Assert.DoesNotContain($"{smm.Uuid}", await UuidsAsync(dashboard, one));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(dashboard, $"v1/machines/vms-plain/analytics-v0/{plain.Uuid}", one)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(dashboard, $"v1/machines/vm-smm/analytics-v0/{smm.Uuid}", one)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(dashboard, "v1/groups/vm-smm/analytics-v0", one)).Status);
        Assert.Equal(["vms-plain"], (await ItemsAsync(dashboard, "v1/groups", one, "namespace")).Distinct());

        var none = await ViewerAsync("default");
        Assert.Empty(await UuidsAsync(dashboard, none));
        Assert.Empty(await ItemsAsync(dashboard, "v1/groups", none, "name"));
        var mesh = JsonDocument.Parse((await GetAsync(dashboard, "v1/mesh", none)).Body).RootElement;
        Assert.Equal((0, 0), (mesh.GetProperty("controlPlanes").GetArrayLength(), mesh.GetProperty("faults").GetArrayLength()));
    }

    [Fact]
    public async Task TokenOfAVmOpensNoMachines()
    {
        await cluster.RequireAsync();
        await using var dashboard = await StartAsync();
        Assert.Empty(await UuidsAsync(dashboard, await cluster.TokenAsync("vms-plain", "default")));
    }

    [Theory]
    [InlineData("not-a-token")]
    [InlineData("eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06YWRtaW4ifQ.")]
    public async Task UnknownTokenIsRefused(string token)
    {
        await cluster.RequireAsync();
        await using var dashboard = await StartAsync();
        var answer = await GetAsync(dashboard, "v1/machines", token);
        answer.IsProblem(HttpStatusCode.Unauthorized, "token-invalid");
        Assert.DoesNotContain(token, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DashboardWithoutTheRightToReviewAccessAnswers503AndNamesTheRule()
    {
        await cluster.RequireAsync();
        await using var dashboard = await StartAsync(mayReview: false);
        (await GetAsync(dashboard, "v1/machines", await ViewerAsync(null, Machines))).IsProblem(
            HttpStatusCode.ServiceUnavailable, "unavailable");
        await RunningDashboard.UntilAsync("the rule is named", async () => (await dashboard.ReadyAsync()).Text.Contains(
            "add to ClusterRole smm-dashboard: {apiGroups: [\"authorization.k8s.io\"], resources: [subjectaccessreviews], verbs: [create]}",
            StringComparison.Ordinal));
    }

    [Fact]
    public async Task SignInOfABrowserGivesASessionOfTheSameRights()
    {
        await cluster.RequireAsync();
        await using var dashboard = await StartAsync();
        using var form = new FormUrlEncodedContent([new("token", await ViewerAsync("vms-plain", Machines, Groups))]);
        using var signedIn = await dashboard.Admin.PostAsync("sign-in", form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.SeeOther, signedIn.StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, "groups");
        request.Headers.TryAddWithoutValidation("Cookie", signedIn.Headers.GetValues("Set-Cookie").Single().Split(';')[0]);
        using var page = await dashboard.Admin.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("vms-plain/analytics-v0", text, StringComparison.Ordinal);
        Assert.DoesNotContain("vm-smm", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AcceptedTokenIsKnownLongerThanItsRights()
    {
        await cluster.RequireAsync();
        var clock = new ShiftedClock();
        await using var dashboard = await StartAsync(clock: clock);
        var viewers = dashboard.App.Services.GetRequiredService<IViewers>();
        var (good, bad) = (new PresentedToken(await ViewerAsync(null, Machines)), new PresentedToken("not-a-token"));
        Assert.False(viewers.IsKnown(good));
        Assert.NotNull((await viewers.AdmitAsync(good, TestContext.Current.CancellationToken)).Viewer);
        Assert.Null((await viewers.AdmitAsync(bad, TestContext.Current.CancellationToken)).Viewer);
        Assert.True(viewers.IsKnown(bad));

        clock.Advance(ReviewedViewers.ValidFor + TimeSpan.FromSeconds(1));
        Assert.True(viewers.IsKnown(good));
        Assert.False(viewers.IsKnown(bad));
        clock.Advance(ReviewedViewers.KnownFor);
        Assert.False(viewers.IsKnown(good) && good.ExpiresAt > clock.GetUtcNow());
    }

    [Fact]
    public async Task AccountWithoutRightsCannotSignIn()
    {
        await cluster.RequireAsync();
        await using var dashboard = await StartAsync();
        using var form = new FormUrlEncodedContent([new("token", await ViewerAsync("default"))]);
        using var refused = await dashboard.Admin.PostAsync("sign-in", form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.False(refused.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task CommandWritesATokenThatOnlyItsOwnerReads()
    {
        await cluster.RequireAsync();
        await using var dashboard = await StartAsync();
        var answer = await GetAsync(dashboard, "v1/groups/vms-plain/analytics-v0", await ViewerAsync("vms-plain", Groups));
        Assert.Contains("(umask 077; kubectl -n vms-plain create token ",
            JsonDocument.Parse(answer.Body).RootElement.GetProperty("addMachine")[0].GetProperty("command").GetString(),
            StringComparison.Ordinal);
    }

    /// <summary>A clock that runs, because the dashboard waits for the API server, and that can be set forward.</summary>
    private sealed class ShiftedClock : TimeProvider
    {
        private TimeSpan _shift;

        public void Advance(TimeSpan time) => _shift += time;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _shift;

        public override long GetTimestamp() => base.GetTimestamp() + (long)(_shift.TotalSeconds * TimestampFrequency);
    }

    /// <summary>A replica with the rights of deploy/kubernetes, and with or without those of its component admin.</summary>
    private async Task<RunningDashboard> StartAsync(bool mayReview = true, TimeProvider? clock = null)
    {
        var account = new ServiceAccount("smm-dashboard", $"a{Guid.NewGuid():N}");
        var token = await cluster.AccountAsync(account);
        await cluster.GrantAsync(
            [.. DashboardRights.All(CheckedCluster.Places), .. mayReview ? DashboardRights.ForAdmin : []], account.Name, account);
        return await RunningDashboard.StartAsync(
            cluster.Server, token: token, isShown: true, seams: clock is null ? null : new DashboardTestHooks { Clock = clock });
    }

    /// <summary>A service account with rights in one namespace, or in all.</summary>
    private async Task<string> ViewerAsync(string? @namespace, params Right[] rights)
    {
        var account = new ServiceAccount("default", $"v{Guid.NewGuid():N}");
        var token = await cluster.AccountAsync(account);
        await cluster.GrantAsync(rights.Select(right => right with { Namespace = @namespace }), account.Name, account);
        // The authorizer of the API server learns of a binding by a watch of its own.
        foreach (var right in rights)
        {
            var path = $"apis/{right.Group}/{(right.Resource == "workloadgroups" ? "v1beta1" : "v1alpha1")}/namespaces/"
                + $"{@namespace ?? "vm-smm"}/{right.Resource}/nothing";
            await RunningDashboard.UntilAsync("the right has an effect", async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                using var answer = await cluster.Server.Admin.SendAsync(request, TestContext.Current.CancellationToken);
                return answer.StatusCode == HttpStatusCode.NotFound;
            });
        }

        return token;
    }

    private static async Task<Reply> GetAsync(RunningDashboard dashboard, string path, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await dashboard.Admin.SendAsync(request, TestContext.Current.CancellationToken);
        return new Reply(answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), null);
    }

    private static Task<IReadOnlyList<string>> UuidsAsync(RunningDashboard dashboard, string token) =>
        ItemsAsync(dashboard, "v1/machines?limit=500", token, "uuid");

    private static async Task<IReadOnlyList<string>> ItemsAsync(RunningDashboard dashboard, string path, string token, string member)
    {
        var answer = await GetAsync(dashboard, path, token);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.ToString());
        return [.. JsonDocument.Parse(answer.Body).RootElement.GetProperty("items").EnumerateArray()
            .Select(item => item.GetProperty(member).GetString()!)];
    }
}
