using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Linux.Tests.Firewall;

/// <summary>A filter table into which somebody wrote with nft: iptables-save shows nothing of it, and ends with success.</summary>
public sealed class NativeTableTests
{
    private const string Nft = Backend.Nft;

    private static readonly DesiredFirewall Desired = new(
        [new(8080, "http", Captured: true), new(16400, "agent", Captured: false)], Sources: [], Complete: true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A family, and what somebody wrote before the agent came.</summary>
    public static TheoryData<string, string> Tables => new()
    {
        { "ip",
            "chain INPUT { type filter hook input priority filter; policy drop; ct state established,related accept; iifname \"lo\" tcp "
                + "sport 1 accept; tcp dport 22 accept; }" },
        { "ip", "chain INPUT { type filter hook input priority -5; policy drop; tcp sport 8080 accept; tcp dport 22 accept; }" },
        { "ip",
            "set bans { type ipv4_addr; elements = { 192.0.2.1 }; }; chain INPUT { type filter hook input priority 0; policy drop; tcp "
                + "sport 8080 accept; ip saddr @bans drop; jump ts-input; }; chain ts-input { ct state new limit rate "
                + "3/second log accept; }" },
        { "ip6",
            "chain INPUT { type filter hook input priority 0; policy drop; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; "
                + "ct state established accept; }" },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task ChainIsWrittenOnceAndForeignRulesStay(string family, string chains)
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.RunAsync("nft", $"table {family} filter {{ {chains}; }}");
        var before = await vm.RunAsync("nft", "list", "table", family, "filter");
        using var listener = vm.Listen(8080);
        var address = family == "ip" ? "127.0.0.1" : "::1";

        var first = await vm.Pass(Nft).ApplyAsync(Desired, Cancel);
        var applied = await vm.RunAsync("nft", "list", "table", family, "filter");
        var second = await vm.Pass(Nft).ApplyAsync(Desired, Cancel);

        Assert.True(first.Remaining.IsEmpty, first.Remaining.ToString());
        Assert.Equal("OpenToAny", PortsDiagnosis.Evaluate(Desired, first, manages: true).PortsOpen.Reason);
        Assert.Empty(second.Results);
        Assert.Equal(applied, await vm.RunAsync("nft", "list", "table", family, "filter"));
        Assert.Equal(1, applied.Split("jump SMM-AGENT").Length - 1);
        Assert.True(await vm.ReachesAsync(address, 8080));

        var (plan, unobserved) = await vm.Pass(Nft).PlanRemovalAsync(Cancel);
        Assert.Null(unobserved);
        Assert.Contains(plan.Steps,
            step => $"{step}".Contains("(by nft): remove the jump in INPUT, chain SMM-AGENT", StringComparison.Ordinal));
        Assert.Null((await vm.Pass(Nft).RemoveAsync(Cancel)).NotAttemptedReason);
        Assert.Equal(before, await vm.RunAsync("nft", "list", "table", family, "filter"));
    }

    [Theory]
    [InlineData("nft flush chain ip filter SMM-AGENT")]
    [InlineData("nft flush chain ip filter INPUT")]
    [InlineData("nft insert rule ip filter INPUT tcp dport 8080 drop")]
    [InlineData("nft add rule ip filter INPUT jump SMM-AGENT")]
    [InlineData("nft 'flush chain ip filter INPUT; delete chain ip filter SMM-AGENT'")]
    [InlineData("nft add rule ip filter SMM-AGENT drop")]
    public async Task DamageIsRepaired(string deed)
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.Pass(Nft).ApplyAsync(Desired, Cancel);
        // The rule that iptables cannot show comes on an attached VM.
        await vm.ShellAsync(
            "nft chain ip filter INPUT '{ policy drop; }'; iptables-nft -A INPUT -i lo -p tcp --sport 1 -j ACCEPT; nft insert rule ip "
                + "filter INPUT ct state established,related accept");
        using var listener = vm.Listen(8080);
        Assert.True((await vm.Pass(Nft).ApplyAsync(Desired, Cancel)).Remaining.IsEmpty);
        Assert.True(await vm.ReachesAsync("127.0.0.1", 8080));

        await vm.ShellAsync(deed + "; nft insert rule ip filter INPUT ct state established,related accept");
        var report = await vm.Pass(Nft).ApplyAsync(Desired, Cancel);

        Assert.Single(report.Done);
        Assert.True(report.Remaining.IsEmpty, report.Remaining.ToString());
        Assert.True(await vm.ReachesAsync("127.0.0.1", 8080));
        Assert.Empty((await vm.Pass(Nft).ApplyAsync(Desired, Cancel)).Results);
        Assert.Null((await vm.Pass(Nft).RemoveAsync(Cancel)).NotAttemptedReason);
        Assert.DoesNotContain("SMM-AGENT", await vm.RunAsync("nft", "list", "ruleset"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BanAboveTheJumpStays()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.RunAsync("nft", "table ip filter { chain INPUT { type filter hook input priority 0; ct state invalid drop; }; }");
        await vm.Pass(Nft).ApplyAsync(Desired, Cancel);
        await vm.RunAsync("nft", "insert rule ip filter INPUT ip saddr 203.0.113.66 tcp dport 8080 drop");
        var before = await vm.RunAsync("nft", "list", "ruleset");

        Assert.Empty((await vm.Pass(Nft).ApplyAsync(Desired, Cancel)).Results);

        Assert.Equal(before, await vm.RunAsync("nft", "list", "ruleset"));
    }

    [Fact]
    public async Task SourcesAndCaptureAreWrittenForNftAndRestoredFromASnapshot()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.RunAsync("nft",
            "table ip filter { chain INPUT { type filter hook input priority 0; policy drop; ct state established accept; }; }");
        var desired = Desired with { Sources = [Cidr.Parse("10.0.0.0/8")!.Value, Cidr.Parse("192.0.2.7")!.Value] };
        var pass = vm.Pass(Nft);
        await pass.ApplyAsync(desired, Cancel);
        var applied = await vm.RunAsync("nft", "list", "ruleset");
        var (snapshot, reason) = FirewallSnapshot.Create(await pass.ObserveAsync(Cancel), []);
        Assert.Null(reason);
        Assert.Contains("ip saddr 10.0.0.0/8 tcp dport 15006 ct original proto-dst 8080 accept comment \"smm-agent: http captured\"",
            applied, StringComparison.Ordinal);

        await pass.ApplyAsync(Desired, Cancel);
        await pass.RestoreAsync(FirewallSnapshot.Read(snapshot!.Write())!, Cancel);

        Assert.Equal(applied, await vm.RunAsync("nft", "list", "ruleset"));
    }

    [Fact]
    public async Task TableIsUnknownWithoutNftAndTheRemovalReportsIt()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.RunAsync("nft",
            "table ip filter { chain INPUT { type filter hook input priority 0; policy drop; ct state established accept; }; }");
        var before = await vm.RunAsync("nft", "list", "ruleset");
        var nft = Path.Combine(vm.Folder, "nft");
        await File.WriteAllTextAsync(nft, "#!/bin/sh\necho 'nft: not here' >&2; exit 1\n", Cancel);
        File.SetUnixFileMode(nft, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var runner = vm.RunnerWith("env", $"PATH={vm.Folder}:/usr/sbin:/usr/bin:/sbin:/bin");
        var pass = new FirewallReconciler(new HostFirewall(runner, Nft, vm.ProcNet), new StubFirewalld(), vm.Lock, isRoot: true);

        var report = await pass.ApplyAsync(Desired, Cancel);
        var removal = await pass.RemoveAsync(Cancel);

        Assert.DoesNotContain(report.Results, result => $"{result.Step}".StartsWith("iptables", StringComparison.Ordinal));
        Assert.Equal("NotSeen", PortsDiagnosis.Evaluate(Desired, report, manages: true).PortsOpen.Reason);
        Assert.Contains("iptables-nft-save cannot show the table ip filter, because a rule in it was written with nft",
            removal.NotAttemptedReason, StringComparison.Ordinal);
        Assert.Equal(before, await vm.RunAsync("nft", "list", "table", "ip", "filter"));
    }

    [Fact]
    public async Task TableWithoutInputStaysUnchanged()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.RunAsync("nft",
            "table ip filter { chain other { type filter hook input priority 0; policy drop; ct state established accept; }; chain more { "
                + "ct state new accept; }; }");
        await vm.RunAsync("nft", "add rule ip filter more ct state new accept");
        var before = await vm.RunAsync("nft", "list", "table", "ip", "filter");

        var report = await vm.Pass(Nft).ApplyAsync(Desired, Cancel);

        if (before == await vm.RunAsync("nft", "list", "table", "ip", "filter"))
            Assert.DoesNotContain(report.Results, result => $"{result.Step}".StartsWith("iptables", StringComparison.Ordinal));
        Assert.Contains("nftables chain ip filter other", PortsDiagnosis.Evaluate(Desired, report, manages: true).PortsOpen.Message,
            StringComparison.Ordinal);
        Assert.Empty((await vm.Pass(Nft).ApplyAsync(Desired, Cancel)).Results);
    }
}
