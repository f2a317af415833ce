using System.Diagnostics;
using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Linux.Tests.Firewall;

/// <summary>Real connections from a cluster's namespace to a VM's, through the agent's chain.</summary>
public sealed class ChainTrafficTests
{
    private const string Vm4 = "198.18.0.2";
    private const string Vm6 = "2001:2::2";

    private static readonly DesiredFirewall Desired = new(
        [new(8080, "http", Captured: true), new(16400, "agent", Captured: false)], [], Complete: true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Variants => [Backend.Nft, Backend.Legacy];

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task OnlyDeclaredPortsAreReachableWithACapture(string variant)
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await using var cluster = await ClusterOfAsync(vm);
        foreach (var iptables in new[] { $"iptables{variant}", $"ip6tables{variant}" })
        {
            // What a shut host rejects is refused at once, so that the test need not wait for what never answers.
            await vm.ShellAsync($"{iptables} -A INPUT -p tcp -j REJECT --reject-with tcp-reset");
            await vm.ShellAsync($"{iptables} -t nat -A PREROUTING -p tcp -m multiport ! --dports 16400,16401 -j REDIRECT --to-ports 15006");
        }

        using var envoy = vm.Listen(15006);
        using var agent = vm.Listen(16400);
        foreach (var address in new[] { Vm4, Vm6 })
            Assert.False(await cluster.ReachesAsync(address, 8080));

        await vm.Pass(variant).ApplyAsync(Desired, Cancel);

        foreach (var address in new[] { Vm4, Vm6 })
        {
            Assert.True(await cluster.ReachesAsync(address, 8080));
            Assert.True(await cluster.ReachesAsync(address, 16400));
            Assert.False(await cluster.ReachesAsync(address, 9090));
            Assert.False(await cluster.ReachesAsync(address, 15006));
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task OnlyTheSourcesOfTheClusterAreAccepted(string variant)
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await using var cluster = await ClusterOfAsync(vm);
        const string shut = "-A INPUT -p tcp -j REJECT --reject-with tcp-reset";
        await vm.ShellAsync($"iptables{variant} {shut}; ip6tables{variant} {shut}");
        using var http = vm.Listen(8080);

        await vm.Pass(variant).ApplyAsync(Desired with { Sources = [Cidr.Parse("198.18.0.1/32")!.Value] }, Cancel);
        Assert.True(await cluster.ReachesAsync(Vm4, 8080));
        Assert.False(await cluster.ReachesAsync(Vm6, 8080));

        await vm.Pass(variant).ApplyAsync(Desired with { Sources = [Cidr.Parse("198.18.0.128/25")!.Value] }, Cancel);
        Assert.False(await cluster.ReachesAsync(Vm4, 8080));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task RewriteOfTheChainLosesNoConnection(string variant)
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await using var cluster = await ClusterOfAsync(vm);
        await vm.ShellAsync($"iptables{variant} -P INPUT DROP; iptables{variant} -A INPUT -p tcp -j REJECT --reject-with tcp-reset");
        using var http = vm.Listen(8080);
        await vm.Pass(variant).ApplyAsync(Desired, Cancel);

        using var done = new CancellationTokenSource();
        var connecting = ConnectUntilAsync(cluster, done.Token);
        var host = vm.Host(variant);
        for (var round = 0; round < 40; round++)
        {
            var desired = Desired with { Ports = [.. Desired.Ports, new(20000 + round, "other", Captured: true)] };
            var observed = new ObservedFirewall([(await host.ObserveOwnAsync(Cancel))[0]], new FirewalldObservation.NotRunning());
            var step = Assert.Single(SmmAgent.Core.Firewall.Planning.FirewallPlanner.Plan(desired, observed).Steps);
            Assert.Equal(StepOutcome.Done, (await host.ApplyAsync(step, Cancel)).Outcome);
        }

        await done.CancelAsync();
        var (made, lost) = await connecting;
        Assert.True(made > 0);
        Assert.Equal(0, lost);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task KilledRestoreLeavesTheOldOrTheNewRules(string variant)
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        var old = ChainScript.Rewrite(Rules(1, 200), []);
        await vm.Runner.RunAsync([$"iptables{variant}-restore", "-w", "5", "--noflush"], Cancel, old);
        var oldTable = await vm.SaveAsync(variant);
        var @new = ChainScript.Rewrite(Rules(1000, 200), [AgentChain.Jump]);
        await vm.Runner.RunAsync([$"iptables{variant}-restore", "-w", "5", "--noflush"], Cancel, @new);
        var newTable = await vm.SaveAsync(variant);
        Assert.NotEqual(oldTable, newTable);

        for (var round = 0; round < 20; round++)
        {
            var first = round % 2 == 0 ? 1 : 1000;
            using var restore = Process.Start(
                new ProcessStartInfo("ip", ["netns", "exec", vm.Name, $"iptables{variant}-restore", "--noflush"])
                {
                    RedirectStandardInput = true,
                    Environment = { ["XTABLES_LOCKFILE"] = vm.XtablesLock },
                })!;
            await restore.StandardInput.WriteAsync(ChainScript.Rewrite(Rules(first, 200), [AgentChain.Jump]));
            restore.StandardInput.Close();
            await Task.Delay(TimeSpan.FromMicroseconds(round * 200), Cancel);
            restore.Kill();
            await restore.WaitForExitAsync(Cancel);

            Assert.Contains(await vm.SaveAsync(variant), new[] { oldTable, newTable });
        }
    }

    private static IEnumerable<FilterRule> Rules(int first, int count) =>
        Enumerable.Range(first, count).Select(port => AgentChain.Accept(new(null, port, null), AgentChain.CommentPrefix + port));

    private static async Task<(int Made, int Lost)> ConnectUntilAsync(FirewallNamespace cluster, CancellationToken done)
    {
        var (made, lost) = (0, 0);
        while (!done.IsCancellationRequested)
        {
            if (await cluster.ReachesAsync(Vm4, 8080))
                made++;
            else
                lost++;
        }

        return (made, lost);
    }

    // A cluster's namespace, joined to the VM's by a veth.
    private static async Task<FirewallNamespace> ClusterOfAsync(FirewallNamespace vm)
    {
        var cluster = await FirewallNamespace.CreateAsync();
        await vm.ShellAsync($"ip link add eth0 type veth peer name eth0 netns {cluster.Name}");
        await vm.ShellAsync($"ip addr add {Vm4}/24 dev eth0; ip addr add {Vm6}/64 dev eth0 nodad; ip link set eth0 up");
        await cluster.ShellAsync("ip addr add 198.18.0.1/24 dev eth0; ip addr add 2001:2::1/64 dev eth0 nodad; ip link set eth0 up");
        return cluster;
    }
}
