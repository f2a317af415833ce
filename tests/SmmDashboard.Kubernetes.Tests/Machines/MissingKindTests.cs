using SmmDashboard.Agents;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Machines;

/// <summary>Agents while the kind or a right to it is missing: they are kept in memory, and in the cluster as soon as it can.</summary>
[Collection(RunningApiServer.Restarts)]
public sealed class MissingKindTests(RunningApiServer server)
{
    private const string Rbac = "apis/rbac.authorization.k8s.io/v1";

    [Fact]
    public async Task WithoutTheKindAgentsAreInMemoryAndOnceItIsInstalledTheyAreInTheCluster()
    {
        await server.RequireAsync();
        await MachineKind.RemoveAsync(server);
        await using var fleet = await Fleet.StartAsync(server, withKind: false);
        var replica = await fleet.ReplicaAsync("one");
        var agent = Fleet.Agent();
        var thief = new AgentIdentity(agent.Uuid, Fleet.Agent("stolen").KeySha256);

        Assert.Null(replica.Machines.WaitsFor);
        Assert.Equal(ReportOutcome.Kept, await replica.ReportAsync(fleet.A, agent, Fleet.Report()));
        Assert.Equal(ReportOutcome.KeyMismatch, await replica.ReportAsync(fleet.A, thief, Fleet.Report()));
        Assert.True((await replica.FindAsync(fleet.A, agent.Uuid))!.HasKey(agent));
        Assert.Equal(["machines: attachedmachines.smm-agent.io is not served by this cluster"], replica.Machines.Limitations);
        Assert.Single(replica.Log.All, line => line.StartsWith("Warning: attachedmachines.smm-agent.io is not served by this cluster: agents are kept in the memory", StringComparison.Ordinal));

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
    public async Task ARightThatIsMissingOrTakenAwayIsNamedAndTheBindingsOfTheClusterStillHold()
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
            [$"machines: {create} {fleet.Namespace} is forbidden to {RunningApiServer.DashboardUser}: grant it with a Role or ClusterRole"], replica.Machines.Limitations);

        await GrantAsync(fleet, "create");
        await fleet.PassAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(ReportOutcome.Kept, await UntilReportedAsync(fleet, replica, agent));
        Assert.NotNull(await fleet.ObjectAsync(agent.Uuid));
        Assert.Equal([$"machines: {patch} {fleet.Namespace} is forbidden to {RunningApiServer.DashboardUser}: grant it with a Role or ClusterRole"], replica.Machines.Limitations);
        var thief = new AgentIdentity(agent.Uuid, Fleet.Agent("stolen").KeySha256);
        Assert.Equal(ReportOutcome.KeyMismatch, await replica.ReportAsync(fleet.A, thief, Fleet.Report()));
        Assert.Equal("192.0.2.1", (await replica.FindAsync(fleet.A, agent.Uuid))!.Address!.ToString());
        Assert.Equal(2, replica.Log.All.Count(line => line.StartsWith("Warning: ", StringComparison.Ordinal) && line.Contains("forbidden", StringComparison.Ordinal)));
    }

    private async Task<ReportOutcome> UntilReportedAsync(Fleet fleet, Replica replica, AgentIdentity agent)
    {
        // The authorizer learns of a binding by a watch of its own.
        var outcome = await replica.ReportAsync(fleet.A, agent, Fleet.Report());
        for (var tries = 0; tries < 100 && await fleet.ObjectAsync(agent.Uuid) is null; tries++)
        {
            await fleet.PassAsync(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(10));
            outcome = await replica.ReportAsync(fleet.A, agent, Fleet.Report());
        }

        return outcome;
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
