using System.Diagnostics;
using SmmAgent.Testbed;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Demo;

/// <summary>A VM is attached with the embedded dashboard; things break, and the agent repairs or reports them.</summary>
internal static class EmbeddedDemo
{
    /// <param name="demo">Prints the steps.</param>
    /// <param name="keeps">Whether the VM stays attached, and the pages of the dashboard are served, until Ctrl+C.</param>
    public static async Task RunAsync(DemoOutput demo, bool keeps)
    {
        await using (var testbed = await MeshTestbed.StartAsync(isShown: true))
        await using (var pages = new AdminPages(testbed, MeshTestbed.AdminUrl))
        await using (var agent = new VmAgent(testbed))
        {
            demo.Section("A cluster and a VM: two network namespaces and a cable");
            testbed.DropByDefault();
            Console.WriteLine($"""
                  cluster  dashboard {testbed.DashboardUrl}, gateways {MeshTestbed.FirstGateway} and {MeshTestbed.SecondGateway}, address echo {MeshTestbed.EchoUrl}
                  VM       {MeshTestbed.VmAddress} and {MeshTestbed.VmAddressIPv6}, a firewall that drops by default
                  machines {pages.Url} (a browser on this host; --keep leaves it running)
                """);
            await testbed.StartWorkloadAsync(8080);
            await testbed.StartWorkloadAsync(8082);
            demo.Result(!testbed.ClusterReaches(MeshTestbed.VmAddress, 8080), "the cluster does not reach port 8080 of the VM");
            demo.Result(!testbed.ClusterReaches(MeshTestbed.VmAddress, 16400), "the cluster does not reach port 16400 of the VM");
            var before = FirewallOf(testbed);

            demo.Section("Attach the VM");
            demo.Command("smm-agent run");
            agent.Start();
            foreach (var condition in (string[])[
                ConditionType.ConfigCurrent, ConditionType.DashboardReachable, ConditionType.AddressKnown,
                ConditionType.GatewaysReachable, ConditionType.PortsOpen, ConditionType.ReachableFromCluster])
                await demo.ConditionAsync(agent, condition, "True");
            demo.Result(testbed.ClusterReaches(MeshTestbed.VmAddress, 8080) && testbed.ClusterReaches(MeshTestbed.VmAddress, 16400),
                "the cluster reaches ports 8080 and 16400 of the VM over IPv4");
            demo.Result(testbed.ClusterReaches(MeshTestbed.VmAddressIPv6, 16400), "the cluster reaches port 16400 over IPv6");
            demo.Result(agent.Systemd!.HasReceived("READY=1"), $"systemd received READY=1 and STATUS={agent.Systemd.Status}");

            demo.Section("The machines of the dashboard");
            demo.Command("smm-dashboard machines");
            await Until.TrueAsync(
                () => Machines(testbed).Contains("  Attached  ", StringComparison.Ordinal), "the dashboard shows the VM as attached",
                lastSeen: () => Machines(testbed));
            foreach (var line in Machines(testbed).TrimEnd().Split('\n'))
                Console.WriteLine($"      {line}");

            demo.Section("The firewall is flushed");
            demo.Command("iptables -F");
            var flushed = Stopwatch.StartNew();
            testbed.Vm.Run("iptables", "-w", "-F");
            await Until.TrueAsync(
                () => testbed.Vm.Run("iptables-save", "-t", "filter").Contains("-j SMM-AGENT", StringComparison.Ordinal),
                "the rules are back");
            flushed.Stop();
            testbed.DropByDefault(); // the agent does not restore the rules of others
            demo.Result(testbed.ClusterReaches(MeshTestbed.VmAddress, 16400),
                $"the rules are back, seen after {flushed.ElapsedMilliseconds} ms; the cluster reaches 16400");

            demo.Section("A gateway stops");
            demo.Command($"kill the gateway {MeshTestbed.SecondGateway}");
            await testbed.StopGatewayAsync(MeshTestbed.SecondGateway);
            demo.Command("systemctl reload smm-agent    (check now; otherwise every minute)");
            agent.Process!.Signal(Signals.Hangup);
            await demo.ConditionAsync(agent, ConditionType.GatewaysReachable, "True", ConditionUpdate.Degraded);
            await Until.TrueAsync(
                () => agent.Systemd.Status.Contains(MeshTestbed.SecondGateway, StringComparison.Ordinal), "STATUS= names the gateway");
            demo.Result(agent.Systemd.Status.Contains(MeshTestbed.SecondGateway, StringComparison.Ordinal),
                $"STATUS= of systemctl status: {agent.Systemd.Status}");

            demo.Section("The cloud gives that gateway another address");
            demo.Command($"mesh.yaml: {MeshTestbed.SecondGateway} becomes {MeshTestbed.ThirdGateway}");
            await testbed.StartGatewayAsync(MeshTestbed.ThirdGateway);
            testbed.Mesh.Gateways = [(MeshTestbed.GatewayName, [MeshTestbed.FirstGateway, MeshTestbed.ThirdGateway])];
            testbed.Mesh.Write();
            var changed = Stopwatch.StartNew();
            await Until.TrueAsync(
                () => agent.Status()?["gateways"]?.ToJsonString().Contains(MeshTestbed.ThirdGateway, StringComparison.Ordinal) == true,
                "the new address is probed");
            demo.Result(true, $"the VM knows {MeshTestbed.ThirdGateway} after {changed.Elapsed.TotalSeconds:0.0} s");
            await demo.ConditionAsync(agent, ConditionType.GatewaysReachable, "True", "Reachable");

            demo.Section("The dashboard goes away");
            demo.Command("kill the dashboard");
            await testbed.StopDashboardAsync();
            await demo.ConditionAsync(agent, ConditionType.DashboardReachable, "False");
            await demo.ConditionAsync(agent, ConditionType.ConfigCurrent, "False");
            demo.Command("restart the agent, the dashboard still away");
            var stopped = await agent.StopAsync();
            demo.Result(stopped < TimeSpan.FromSeconds(2), $"SIGTERM ended the agent in {stopped.TotalMilliseconds:0} ms");
            demo.Result(
                testbed.Vm.Run("iptables-save", "-t", "filter").Contains("--dport 8080", StringComparison.Ordinal),
                "the VM stays attached: its rules are in place");
            agent.Start();
            await demo.ConditionAsync(agent, ConditionType.PortsOpen, "True");
            await demo.ConditionAsync(agent, ConditionType.GatewaysReachable, "True", "Reachable");
            demo.Command("start the dashboard");
            await testbed.StartDashboardAsync();
            await demo.ConditionAsync(agent, ConditionType.ConfigCurrent, "True");

            if (keeps)
            {
                demo.Section("The VM stays attached until Ctrl+C");
                Console.WriteLine($"  open {pages.Url}");
                await Interrupt.WaitAsync();
            }

            demo.Section("Detach");
            await agent.StopAsync();
            demo.Command("smm-agent detach");
            var (exitCode, output) = agent.Run("detach");
            foreach (var line in output.TrimEnd().Split('\n'))
                Console.WriteLine($"      {line}");
            demo.Result(exitCode == 0, $"exit code {exitCode}");
            demo.Result(FirewallOf(testbed) == before, "the firewall of the VM is restored");
        }
    }

    private static string Machines(MeshTestbed testbed) =>
        testbed.Cluster.Run([.. Programs.Dashboard, "machines", "--server", MeshTestbed.AdminUrl]);

    // Counters and comments with dates aside, what iptables-save shows for both families.
    private static string FirewallOf(MeshTestbed testbed) => string.Join('\n', ((string[])["iptables-save", "ip6tables-save"])
        .SelectMany(save => testbed.Vm.Run(save, "-t", "filter").Split('\n'))
        .Where(line => !line.StartsWith('#'))
        .Select(line => line.StartsWith(':') ? line[..line.IndexOf('[')] : line));
}
