using System.Diagnostics;
using SmmAgent.Testbed;
using SmmAgent.Testbed.Kube;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Demo;

/// <summary>
/// A VM is attached to a cluster: a real etcd and kube-apiserver, Istio's objects, two replicas of the dashboard with the rights of
/// deploy/kubernetes.
/// </summary>
internal static class KubernetesDemo
{
    private const string Space = "vm-integration";

    // The other one is killed.
    private const int ShownReplica = 1;

    /// <param name="demo">Prints the steps.</param>
    /// <param name="keeps">Whether the VM stays attached, and the pages of the dashboard are served, until Ctrl+C.</param>
    public static async Task RunAsync(DemoOutput demo, bool keeps)
    {
        demo.Section("A cluster with Istio, smm-dashboard twice, and a VM");
        await using var testbed = await MeshTestbed.StartAsync(kubernetes: true, isShown: true);
        var cluster = testbed.Kubernetes!;
        await using var pages = new AdminPages(testbed, KubernetesCluster.AdminUrl(ShownReplica));
        testbed.DropByDefault();
        await testbed.StartWorkloadAsync(8080);
        await testbed.StartWorkloadAsync(8082);
        Console.WriteLine($"""
              cluster  kube-apiserver and etcd; objects of plain Istio (revisions, tag, east-west gateway) and of a control plane of the SMM operator
                       smm-dashboard --kubernetes, two replicas behind {testbed.DashboardUrl}, with the rights of deploy/kubernetes
              VM       {MeshTestbed.VmAddress}, a firewall that drops by default
              machines {pages.Url} (a browser on this host; --keep leaves it running)
                       sign in with the token in {cluster.ViewerTokenFile}: {KubernetesCluster.ViewerTokenCommand}
            """);
        Print(demo, cluster, "-n", Space, "get", "workloadgroups");

        demo.Section("Attach the VM with a token that is bound to a Secret");
        demo.Command($"kubectl -n {Space} create token default --audience smm-dashboard --bound-object-kind Secret --bound-object-name "
            + $"{KubernetesCluster.VmSecret}");
        await using var agent = new VmAgent(testbed);
        demo.Command("smm-agent run");
        agent.Start();
        foreach (var condition in (string[])[
            ConditionType.ConfigCurrent, ConditionType.DashboardReachable, ConditionType.AddressKnown,
            ConditionType.GatewaysReachable, ConditionType.PortsOpen, ConditionType.ReachableFromCluster])
            await demo.ConditionAsync(agent, condition, "True");
        await Until.TrueAsync(() => cluster.Server.Kubectl("get", "am", "-A").Contains(MeshTestbed.VmAddress, StringComparison.Ordinal),
            "the machine is in the list");
        Print(demo, cluster, "get", "am", "-A");

        demo.Section("istiod registers the sidecar");
        await demo.ConditionAsync(agent, ConditionType.Registered, "False", "NotConnected");
        demo.Command("kubectl apply -f workloadentry.yaml    (as istiod does when a sidecar connects)");
        cluster.MakeWorkloadEntry(agent.Uuid());
        agent.Process!.Signal(Signals.Hangup);
        await demo.ConditionAsync(agent, ConditionType.Registered, "True");

        demo.Section("The load balancer gives the gateway another address");
        await testbed.StartGatewayAsync(MeshTestbed.ThirdGateway);
        demo.Command($"kubectl -n istio-system patch service {KubernetesCluster.GatewayService} --subresource=status …    "
            + $"({MeshTestbed.SecondGateway} becomes {MeshTestbed.ThirdGateway})");
        cluster.SetGateways(MeshTestbed.FirstGateway, MeshTestbed.ThirdGateway);
        var changed = Stopwatch.StartNew();
        await Until.TrueAsync(
            () => agent.Status()?["gateways"]?.ToJsonString().Contains(MeshTestbed.ThirdGateway, StringComparison.Ordinal) == true,
            "the new address is probed");
        demo.Result(true, $"the VM knows {MeshTestbed.ThirdGateway} after {changed.Elapsed.TotalSeconds:0.0} s");

        demo.Section("A replica dies, and then the API server");
        demo.Command("kill -9 the first replica");
        await cluster.KillReplicaAsync(0);
        agent.Process.Signal(Signals.Hangup);
        await demo.ConditionAsync(agent, ConditionType.ConfigCurrent, "True");
        demo.Command("kill -9 kube-apiserver");
        await cluster.Server.KillAsync();
        agent.Process.Signal(Signals.Hangup);
        await demo.ConditionAsync(agent, ConditionType.DashboardReachable, "True");
        demo.Result(testbed.ClusterReaches(MeshTestbed.VmAddress, 8080), "the VM stays attached: the cluster reaches port 8080");
        demo.Command("start both again");
        await cluster.Server.StartServerAsync();
        await cluster.StartReplicaAsync(0);
        await demo.ConditionAsync(agent, ConditionType.ConfigCurrent, "True");

        if (keeps)
        {
            demo.Section("The VM stays attached until Ctrl+C");
            Console.WriteLine($"  open {pages.Url} and sign in with the token in {cluster.ViewerTokenFile}");
            await Interrupt.WaitAsync();
        }

        demo.Section("Revoke the VM's token");
        demo.Command($"kubectl -n {Space} delete secret {KubernetesCluster.VmSecret}");
        await cluster.RevokeAsync();
        demo.Command("kubectl -n smm-dashboard rollout restart deployment smm-dashboard    (a replica remembers a valid token for "
            + "two minutes)");
        foreach (var replica in (int[])[0, 1])
        {
            await cluster.KillReplicaAsync(replica);
            await cluster.StartReplicaAsync(replica);
        }

        await demo.ConditionAsync(agent, ConditionType.ConfigCurrent, "False");
        await agent.StopAsync();
    }

    private static void Print(DemoOutput demo, KubernetesCluster cluster, params string[] arguments)
    {
        demo.Command($"kubectl {string.Join(' ', arguments)}");
        foreach (var line in cluster.Server.Kubectl(arguments).TrimEnd().Split('\n'))
            Console.WriteLine($"      {line}");
    }
}
