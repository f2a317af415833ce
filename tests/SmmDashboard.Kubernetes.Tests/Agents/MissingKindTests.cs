using SmmDashboard.Agents;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>Agents while the kind or a right to it is missing: they are kept in memory, and in the cluster as soon as it can.</summary>
[Collection(RunningApiServer.Restarts)]
public sealed class MissingKindTests(RunningApiServer server)
{
    private const string Rbac = "apis/rbac.authorization.k8s.io/v1";

    [Fact]
    public async Task AgentsMoveFromMemoryToTheClusterOnceTheKindIsInstalled()
    {
        await server.RequireAsync();
        await MachineKind.RemoveAsync(server);
        await using var fleet = await Fleet.StartAsync(server, withKind: false);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();
        var thief = new PresentedAgent(agent.Uuid, Fleet.Agent("stolen").KeySha256);

        Assert.Null(replica.Machines.WaitsFor);
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report()));
        Assert.Equal(ReportOutcome.KeyMismatch, await replica.ReportAsync(fleet.A, thief, Fleet.Report()));
        Assert.True((await replica.FindAsync(fleet.A, agent.Uuid))!.HasKey(agent));
        Assert.Equal(["machines: attachedmachines.smm-agent.io is not served by this cluster"], replica.Machines.Limitations);
        Assert.Single(replica.Log.All,
            line => line.StartsWith(
                "Warning: attachedmachines.smm-agent.io is not served by this cluster: each replica keeps agents in memory",
                StringComparison.Ordinal));

        await MachineKind.InstallAsync(server);
        await fleet.PassUntilAsync(() => !replica.Machines.Limitations.Any(), "the kind is found");
        Assert.True((await replica.FindAsync(fleet.A, agent.Uuid))!.HasKey(agent));
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report()));
        Assert.NotNull(await fleet.ObjectAsync(agent.Uuid));

        await MachineKind.RemoveAsync(server);
        await fleet.PassUntilAsync(() => replica.Machines.Limitations.Any(), "the kind is gone");
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report()));
        Assert.NotNull(await replica.FindAsync(fleet.A, agent.Uuid));
    }

    [Fact]
    public async Task MissingOrRevokedRightIsReportedAndBindingsStillHold()
    {
        await using var fleet = await Fleet.StartAsync(server);
        await server.AdminAsync(HttpMethod.Post, $"{Rbac}/clusterroles", $$"""
            {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: {{fleet.Namespace}} }, rules: [
             {apiGroups: ["*"], resources: [workloadgroups], verbs: [list, watch]}, {apiGroups: [smm-agent.io], resources: [attachedmachines], verbs: [get, list, watch]},
             {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update]}]}
            """);
        await BindAsync("clusterrolebindings", fleet.Namespace, "ClusterRole");
        const string create = "create attachedmachines.smm-agent.io in namespace";
        const string patch = "patch attachedmachines/status.smm-agent.io in namespace";
        var replica = await fleet.ReplicaAsync("one", token: RunningApiServer.DashboardToken);
        var agent = Fleet.Agent();

        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report()));
        Assert.Null(await fleet.ObjectAsync(agent.Uuid));
        Assert.NotNull(await replica.FindAsync(fleet.A, agent.Uuid));
        Assert.Equal(
            [$"machines: {create} {fleet.Namespace} is forbidden to {RunningApiServer.DashboardUser}: grant it with a Role or ClusterRole"],
            replica.Machines.Limitations);

        await GrantAsync(fleet, "create");
        Assert.Equal(ReportOutcome.Kept, await UntilReportedAsync(fleet, replica, agent));
        Assert.NotNull(await fleet.ObjectAsync(agent.Uuid));
        Assert.Equal(
            [$"machines: {patch} {fleet.Namespace} is forbidden to {RunningApiServer.DashboardUser}: grant it with a Role or ClusterRole"],
            replica.Machines.Limitations);
        var thief = new PresentedAgent(agent.Uuid, Fleet.Agent("stolen").KeySha256);
        Assert.Equal(ReportOutcome.KeyMismatch, await replica.ReportAsync(fleet.A, thief, Fleet.Report()));
        Assert.Equal("192.0.2.1", (await replica.FindAsync(fleet.A, agent.Uuid))!.Address!.ToString());
        Assert.Equal(
            2, replica.Log.All.Count(
                line => line.StartsWith("Warning: ", StringComparison.Ordinal) && line.Contains("forbidden", StringComparison.Ordinal)));

        var role = $"{Rbac}/namespaces/{fleet.Namespace}/roles/{fleet.Namespace}";
        await SetRulesAsync(role,
            "{apiGroups: [smm-agent.io], resources: [attachedmachines, attachedmachines/status], verbs: [create, patch]}");
        await UntilReportedAsync(fleet, replica, agent, "192.0.2.3", isWritten: true);
        Assert.Empty(replica.Machines.Limitations);

        await SetRulesAsync(role, "{apiGroups: [smm-agent.io], resources: [attachedmachines], verbs: [create]}");
        await UntilForbiddenAsync(fleet, agent);
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report("192.0.2.4")));
        Assert.Equal("192.0.2.4", (await replica.FindAsync(fleet.A, agent.Uuid))!.Address!.ToString());
        Assert.Single(replica.Machines.Limitations);
    }

    private Task SetRulesAsync(string role, string rule) =>
        server.AdminAsync(HttpMethod.Patch, role, $$"""{"rules":[{{Json(rule)}}]}""", "application/merge-patch+json");

    // The flow style of YAML, in which the other rules are written, is not JSON.
    private static string Json(string rule) => System.Text.RegularExpressions.Regex.Replace(rule, "[A-Za-z][A-Za-z/.-]*", "\"$0\"");

    private async Task UntilForbiddenAsync(Fleet fleet, PresentedAgent agent)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Patch, $"{fleet.PathOf(agent.Uuid)}/status");
            request.Headers.Authorization = new("Bearer", RunningApiServer.DashboardToken);
            request.Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/merge-patch+json");
            using var response = await server.Admin.SendAsync(request, TestContext.Current.CancellationToken);
            if (response.StatusCode == System.Net.HttpStatusCode.Forbidden)
                return;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Reports each minute until the object is there, or until it has the address.</summary>
    private static async Task<ReportOutcome> UntilReportedAsync(
        Fleet fleet, Replica replica, PresentedAgent agent, string address = "192.0.2.1", bool isWritten = false)
    {
        // The authorizer learns of a rule by a watch of its own.
        for (var tries = 0; tries < 100; tries++)
        {
            await fleet.PassAsync(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(10));
            var outcome = await replica.ReportAsync(fleet.A, agent, Fleet.Report(address));
            if (await fleet.ObjectAsync(agent.Uuid) is { } machine && (!isWritten || (string?)machine["status"]?["address"] == address))
                return outcome;
        }

        throw new TimeoutException("the report is not written");
    }

    private async Task GrantAsync(Fleet fleet, string verb)
    {
        await server.AdminAsync(HttpMethod.Post, $"{Rbac}/namespaces/{fleet.Namespace}/roles", $$"""
            {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: {{fleet.Namespace}} }, rules: [{apiGroups: [smm-agent.io], resources: [attachedmachines], verbs: [{{verb}}]}]}
            """);
        await BindAsync($"namespaces/{fleet.Namespace}/rolebindings", fleet.Namespace, "Role");
    }

    private Task BindAsync(string path, string name, string kind) => server.AdminAsync(HttpMethod.Post, $"{Rbac}/{path}", $$"""
        {apiVersion: rbac.authorization.k8s.io/v1, kind: {{kind}}Binding, metadata: {name: {{name}} }, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: {{kind}}, name: {{name}} },
         subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: "{{RunningApiServer.DashboardUser}}"}]}
        """);
}
