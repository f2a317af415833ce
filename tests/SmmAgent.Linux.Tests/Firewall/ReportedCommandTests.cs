using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Linux.Tests.Firewall;

/// <summary>The agent names the table that blocks a port, and the command that opens the port.</summary>
public sealed class ReportedCommandTests
{
    private static readonly DesiredFirewall Desired = FirewallReconcilerTests.Desired;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DropInTheOtherBackendIsObserved()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.ShellAsync("iptables-legacy -P INPUT DROP");

        var report = await vm.Pass(Backend.Nft).ApplyAsync(Desired, Cancel);

        var finding = PortsDiagnosis.Evaluate(Desired, report, manages: true).PortsOpen;
        Assert.Equal("BlockedByAnotherTable", finding.Reason);
        Assert.StartsWith("INPUT of iptables-legacy", finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ type filter hook input priority 10; policy drop; ct state established,related accept; tcp dport 22 accept; }", "")]
    [InlineData("{ type filter hook input priority 10; ct state established,related accept; reject; }", "")]
    [InlineData("{ type filter hook input priority 10; policy drop; iif lo accept; tcp dport { 8080, 16400 } accept; }", "10.0.0.0/8")]
    public async Task ReportedCommandOpensAForeignTable(string chain, string source)
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        var desired = source.Length == 0 ? Desired : Desired with { Sources = [Cidr.Parse(source)!.Value] };
        await vm.ShellAsync("iptables-nft -t nat -A PREROUTING -p tcp -j REDIRECT --to-ports 15006");
        await vm.RunAsync("nft", $"table inet site {{\nchain in {chain}\n}}\n");

        var blocked = PortsDiagnosis.Evaluate(desired, await vm.Pass(Backend.Nft).ApplyAsync(desired, Cancel), manages: true).PortsOpen;
        Assert.Equal("BlockedByAnotherTable", blocked.Reason);
        Assert.StartsWith("nftables chain inet site in ", blocked.Message, StringComparison.Ordinal);
        await vm.ShellAsync(Command(blocked.Message));

        var opened = PortsDiagnosis.Evaluate(desired, await vm.Pass(Backend.Nft).ApplyAsync(desired, Cancel), manages: true);
        Assert.Equal(source.Length == 0 ? "OpenToAny" : "Open", opened.PortsOpen.Reason);
        Assert.All(opened.Ports, port => Assert.True(port.Open));
    }

    [Theory]
    [InlineData("iptables-nft -t raw -A PREROUTING -p tcp --dport 8080 -j DROP", "PREROUTING of iptables-nft's table raw")]
    [InlineData("iptables-nft -t raw -P PREROUTING DROP", "PREROUTING of iptables-nft's table raw")]
    [InlineData(
        "iptables-nft -t mangle -N X; iptables-nft -t mangle -A X -j DROP; iptables-nft -t mangle -A PREROUTING -p tcp -m multiport "
            + "--dports 80,8080 -j X", "PREROUTING of iptables-nft's table mangle")]
    [InlineData("iptables-nft -t mangle -A INPUT -p tcp --dport 8080 -j DROP", "INPUT of iptables-nft's table mangle")]
    [InlineData("iptables-nft -t security -A INPUT -p tcp --dport 8080 -j DROP", "INPUT of iptables-nft's table security")]
    [InlineData("iptables-legacy -t raw -A PREROUTING -p tcp --dport 8080 -j DROP", "PREROUTING of iptables-legacy's table raw")]
    [InlineData(
        "nft add table inet early; nft add chain inet early pre '{ type filter hook prerouting priority raw; }'; nft add rule inet early "
            + "pre tcp dport 8080 drop", "nftables chain inet early pre")]
    [InlineData(
        "nft add table netdev early; nft add chain netdev early in '{ type filter hook ingress device lo priority 0; }'; nft add rule "
            + "netdev early in tcp dport 8080 drop", "nftables chain netdev early in")]
    public async Task ReportedCommandOpensADropBeforeTheFilterTable(string deed, string where)
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.ShellAsync(deed);
        using var listener = vm.Listen(8080);
        Assert.False(await vm.ReachesAsync("127.0.0.1", 8080, seconds: 0.5));

        var state = PortsDiagnosis.Evaluate(Desired, await vm.Pass(Backend.Nft).ApplyAsync(Desired, Cancel), manages: true);

        Assert.Equal("BlockedByAnotherTable", state.PortsOpen.Reason);
        Assert.StartsWith(where + " does not let ", state.PortsOpen.Message, StringComparison.Ordinal);
        Assert.False(state.Ports.Single(port => port.Port == 8080).Open);
        await vm.ShellAsync(Command(state.PortsOpen.Message));
        // The policy also drops what the connection's other end says.
        if (deed.Contains("-P ", StringComparison.Ordinal))
            await vm.ShellAsync("iptables-nft -t raw -A PREROUTING -p tcp --sport 8080 -j ACCEPT");
        Assert.True(await vm.ReachesAsync("127.0.0.1", 8080));
        Assert.Equal("OpenToAny",
            PortsDiagnosis.Evaluate(Desired, await vm.Pass(Backend.Nft).DryRunAsync(Desired, Cancel), manages: true).PortsOpen.Reason);
    }

    [Fact]
    public async Task CommandsOfCheckModeOpenThePorts()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.ShellAsync("iptables-nft -P INPUT DROP");

        var closed = PortsDiagnosis.Evaluate(Desired, await vm.Pass(Backend.Nft).DryRunAsync(Desired, Cancel), manages: false).PortsOpen;
        Assert.Equal("NotOpen", closed.Reason);
        await vm.ShellAsync(Command(closed.Message));

        var opened = PortsDiagnosis.Evaluate(Desired, await vm.Pass(Backend.Nft).DryRunAsync(Desired, Cancel), manages: false);
        Assert.Equal("OpenToAny", opened.PortsOpen.Reason);
        Assert.DoesNotContain("SMM-AGENT", await vm.SaveAsync(Backend.Nft), StringComparison.Ordinal);
    }

    /// <summary>The command that a message ends with, as root runs it: not every host of these tests has sudo.</summary>
    private static string Command(string message) =>
        message[(message.IndexOf("run: ", StringComparison.Ordinal) + 5)..].Replace("sudo ", "", StringComparison.Ordinal);
}
