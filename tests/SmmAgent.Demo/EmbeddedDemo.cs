using System.Diagnostics;
using SmmAgent.Testbed;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Demo;

/// <summary>A VM is attached with the embedded dashboard; things break, and the agent mends or reports them.</summary>
internal static class EmbeddedDemo
{
    public static async Task RunAsync(Narrator tell)
    {
        await using (var bed = await MeshTestbed.StartAsync())
        await using (var agent = new VmAgent(bed))
        {
            tell.Chapter("A cluster and a VM: two network namespaces, one cable");
            bed.DropByDefault();
            Console.WriteLine($"""
                  cluster  dashboard {bed.DashboardUrl}, gateways {MeshTestbed.FirstGateway} and {MeshTestbed.SecondGateway}, address echo {MeshTestbed.EchoUrl}
                  VM       {MeshTestbed.VmAddress} and {MeshTestbed.VmAddressIPv6}, a firewall that drops by default
                """);
            await bed.StartWorkloadAsync(8080);
            await bed.StartWorkloadAsync(8082);
            tell.Sees(!bed.ClusterReaches(MeshTestbed.VmAddress, 8080), "the cluster does not reach port 8080 of the VM");
            tell.Sees(!bed.ClusterReaches(MeshTestbed.VmAddress, 16400), "the cluster does not reach port 16400 of the VM");
            var before = FirewallOf(bed);

            tell.Chapter("Attach the VM");
            tell.Does("smm-agent run");
            agent.Start();
            foreach (var condition in (string[])[
                ConditionType.ConfigCurrent, ConditionType.DashboardReachable, ConditionType.AddressKnown,
                ConditionType.GatewaysReachable, ConditionType.PortsOpen, ConditionType.ReachableFromCluster])
                await tell.SeesConditionAsync(agent, condition, "True");
            tell.Sees(bed.ClusterReaches(MeshTestbed.VmAddress, 8080) && bed.ClusterReaches(MeshTestbed.VmAddress, 16400),
                "the cluster reaches ports 8080 and 16400 of the VM over IPv4");
            tell.Sees(bed.ClusterReaches(MeshTestbed.VmAddressIPv6, 16400), "and over IPv6");
            tell.Sees(agent.Systemd!.Heard("READY=1"), $"systemd heard READY=1 and STATUS={agent.Systemd.Status}");

            tell.Chapter("Somebody flushes the firewall");
            tell.Does("iptables -F");
            var flushed = Stopwatch.StartNew();
            bed.Vm.Run("iptables", "-w", "-F");
            await Until.TrueAsync(
                () => bed.Vm.Run("iptables-save", "-t", "filter").Contains("-j SMM-AGENT", StringComparison.Ordinal), "the rules are back");
            flushed.Stop();
            bed.DropByDefault(); // what else was flushed is not the agent's to restore
            tell.Sees(bed.ClusterReaches(MeshTestbed.VmAddress, 16400),
                $"the rules are back, seen after {flushed.ElapsedMilliseconds} ms; the cluster reaches 16400");

            tell.Chapter("A gateway stops");
            tell.Does($"kill the gateway {MeshTestbed.SecondGateway}");
            await bed.StopGatewayAsync(MeshTestbed.SecondGateway);
            tell.Does("systemctl reload smm-agent    (look now; by itself it looks every minute)");
            agent.Process!.Signal(Signals.Hangup);
            await tell.SeesConditionAsync(agent, ConditionType.GatewaysReachable, "True", ConditionUpdate.Degraded);
            await Until.TrueAsync(
                () => agent.Systemd.Status.Contains(MeshTestbed.SecondGateway, StringComparison.Ordinal), "STATUS= names the gateway");
            tell.Sees(agent.Systemd.Status.Contains(MeshTestbed.SecondGateway, StringComparison.Ordinal),
                $"systemctl status would say: {agent.Systemd.Status}");

            tell.Chapter("The cloud gives that gateway another address");
            tell.Does($"mesh.yaml: {MeshTestbed.SecondGateway} becomes {MeshTestbed.ThirdGateway}");
            await bed.StartGatewayAsync(MeshTestbed.ThirdGateway);
            bed.Mesh.Gateways = [(MeshTestbed.GatewayName, [MeshTestbed.FirstGateway, MeshTestbed.ThirdGateway])];
            bed.Mesh.Write();
            var changed = Stopwatch.StartNew();
            await Until.TrueAsync(
                () => agent.Status()?["gateways"]?.ToJsonString().Contains(MeshTestbed.ThirdGateway, StringComparison.Ordinal) == true,
                "the new address is probed");
            tell.Sees(true, $"the VM knows {MeshTestbed.ThirdGateway} after {changed.Elapsed.TotalSeconds:0.0} s");
            await tell.SeesConditionAsync(agent, ConditionType.GatewaysReachable, "True", "Reachable");

            tell.Chapter("The dashboard goes away");
            tell.Does("kill the dashboard");
            await bed.StopDashboardAsync();
            await tell.SeesConditionAsync(agent, ConditionType.DashboardReachable, "False");
            await tell.SeesConditionAsync(agent, ConditionType.ConfigCurrent, "False");
            tell.Does("restart the agent, the dashboard still away");
            var stopped = await agent.StopAsync();
            tell.Sees(stopped < TimeSpan.FromSeconds(2), $"SIGTERM ended the agent in {stopped.TotalMilliseconds:0} ms");
            tell.Sees(
                bed.Vm.Run("iptables-save", "-t", "filter").Contains("--dport 8080", StringComparison.Ordinal),
                "the VM stays attached: its rules are in place");
            agent.Start();
            await tell.SeesConditionAsync(agent, ConditionType.PortsOpen, "True");
            await tell.SeesConditionAsync(agent, ConditionType.GatewaysReachable, "True", "Reachable");
            tell.Does("start the dashboard");
            await bed.StartDashboardAsync();
            await tell.SeesConditionAsync(agent, ConditionType.ConfigCurrent, "True");

            tell.Chapter("Detach");
            await agent.StopAsync();
            tell.Does("smm-agent detach");
            var (exitCode, output) = agent.Run("detach");
            foreach (var line in output.TrimEnd().Split('\n'))
                Console.WriteLine($"      {line}");
            tell.Sees(exitCode == 0, $"exit code {exitCode}");
            tell.Sees(FirewallOf(bed) == before, "the VM's firewall is as it was before");
        }
    }

    // Counters and comments with dates aside, what iptables-save shows for both families.
    private static string FirewallOf(MeshTestbed bed) => string.Join('\n', ((string[])["iptables-save", "ip6tables-save"])
        .SelectMany(save => bed.Vm.Run(save, "-t", "filter").Split('\n'))
        .Where(line => !line.StartsWith('#'))
        .Select(line => line.StartsWith(':') ? line[..line.IndexOf('[')] : line));
}
