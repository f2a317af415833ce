using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Linux.Tests.Firewall;

public sealed class FirewallReconcilerTests
{
    private const string Empty = "*filter\n:INPUT ACCEPT \n:FORWARD ACCEPT \n:OUTPUT ACCEPT \nCOMMIT\n";

    internal static readonly DesiredFirewall Desired = new(
        [new(8080, "http", Captured: true), new(16400, "agent", Captured: false), new(16401, "sidecar-metrics", Captured: false)],
        Sources: [],
        Complete: true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Variants => [Backend.Nft, Backend.Legacy];

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task SecondApplyChangesNothingAndRemovalIsComplete(string variant)
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.ShellAsync($"iptables{variant} -P INPUT DROP");
        await vm.RunAsync($"iptables{variant}", "-A", "INPUT", "-p", "tcp", "--dport", "22", "-m", "comment", "--comment", "it's \"ssh\"",
            "-j", "ACCEPT");
        var (before, before6) = (await vm.SaveAsync(variant), await vm.SaveAsync(variant, IpFamily.IPv6));

        var first = await vm.Pass(variant).ApplyAsync(Desired, Cancel);
        var applied = await vm.SaveAsync(variant);
        var second = await vm.Pass(variant).ApplyAsync(Desired, Cancel);

        Assert.Equal([StepOutcome.Done, StepOutcome.Done], first.Results.Select(result => result.Outcome));
        Assert.True(first.Remaining.IsEmpty);
        Assert.Equal("OpenToAny", PortsDiagnosis.Evaluate(Desired, first, manages: true).PortsOpen.Reason);
        Assert.Contains("-A SMM-AGENT -p tcp -m tcp --dport 15006 -m conntrack --ctorigdstport 8080", applied, StringComparison.Ordinal);
        Assert.Empty(second.Results);
        Assert.Equal(applied, await vm.SaveAsync(variant));

        var removed = await vm.Pass(variant).RemoveAsync(Cancel);

        // Only the table of IPv4 has rules of others.
        var stays = variant == Backend.Legacy ? " (the empty table filter stays: the legacy backend keeps it until a restart)" : "";
        Assert.Equal(
            [$"iptables{variant}: remove the jump in INPUT, chain SMM-AGENT",
                $"ip6tables{variant}: remove the jump in INPUT, chain SMM-AGENT{stays}"],
            removed.Results.Select(result => result.Step.ToString()));
        Assert.Equal(before, await vm.SaveAsync(variant));
        Assert.Equal(before6, await vm.SaveAsync(variant, IpFamily.IPv6));
        Assert.True((await vm.Pass(variant).PlanRemovalAsync(Cancel)).Plan.IsEmpty);
    }

    [Fact]
    public async Task RemovalReportsAnUnreadableTable()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.Pass(Backend.Nft).ApplyAsync(Desired, Cancel);
        // A line break in a comment, behind it what looks like a rule.
        await vm.RunAsync("iptables-nft", "-A", "SMM-AGENT", "-m", "comment", "--comment", "a\n-A INPUT -j SMM-AGENT", "-j", "ACCEPT");

        var removed = await vm.Pass(Backend.Nft).RemoveAsync(Cancel);

        Assert.Equal("iptables-nft cannot be read: iptables-nft-save printed unexpected output", removed.NotAttemptedReason);
        Assert.Equal("ip6tables-nft: remove the jump in INPUT, chain SMM-AGENT", $"{Assert.Single(removed.Results).Step}");
    }

    [Theory]
    [InlineData("IPT -F SMM-AGENT")]
    [InlineData("IPT -F; IPT -X")]
    [InlineData("IPT -D INPUT 1")]
    [InlineData("IPT -I INPUT -p tcp --dport 8080 -j DROP")]
    [InlineData("IPT -I INPUT -j SMM-AGENT; IPT -A INPUT -j SMM-AGENT; IPT -A INPUT -s 10.0.0.0/8 -g SMM-AGENT")]
    [InlineData("IPT -A SMM-AGENT -j DROP; IPT -I SMM-AGENT -p tcp --dport 1 -j ACCEPT")]
    [InlineData("IPT -D SMM-AGENT 2")]
    [InlineData("IPT -R INPUT 1 -i lo -j SMM-AGENT")]
    public async Task DamageIsRepairedAndForeignRulesStay(string deed)
    {
        foreach (var variant in new[] { Backend.Nft, Backend.Legacy })
        {
            await using var vm = await FirewallNamespace.CreateAsync();
            await vm.Pass(variant).ApplyAsync(Desired, Cancel);
            var applied = await vm.SaveAsync(variant);

            await vm.ShellAsync(deed.Replace("IPT", $"iptables{variant}", StringComparison.Ordinal)
                + $"; iptables{variant} -A INPUT -p tcp --dport 22 -j ACCEPT");
            var report = await vm.Pass(variant).ApplyAsync(Desired, Cancel);

            Assert.Single(report.Done);
            Assert.True(report.Remaining.IsEmpty);
            var healed = await vm.SaveAsync(variant);
            var foreign = healed.Split('\n').Where(line => line.StartsWith("-A INPUT", StringComparison.Ordinal)).Skip(1).ToList();
            Assert.Equal("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", foreign[^1]);
            Assert.Equal(deed.Contains("8080", StringComparison.Ordinal) ? 2 : 1, foreign.Count);
            Assert.Equal(applied, string.Join('\n', healed.Split('\n').Where(line => !foreign.Contains(line))));
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task RuleThatBlocksNoPortOfTheClusterStaysAboveTheJump(string variant)
    {
        const string Ban = "-s 203.0.113.66/32 -p tcp -m tcp --dport 8080 -j DROP";
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.Pass(variant).ApplyAsync(Desired, Cancel);
        await vm.ShellAsync($"""
            iptables{variant} -I INPUT -p tcp --dport 443 -j ACCEPT
            iptables{variant} -I INPUT {Ban}
            iptables{variant} -N OTHER
            iptables{variant} -I INPUT -j OTHER
            iptables{variant} -A OTHER -p udp -j DROP
            """);
        var before = await vm.SaveAsync(variant);

        Assert.Empty((await vm.Pass(variant).ApplyAsync(Desired, Cancel)).Results);
        Assert.Equal(before, await vm.SaveAsync(variant));

        // The chain is written again, and the jump stays where it is.
        await vm.ShellAsync($"iptables{variant} -F SMM-AGENT");
        Assert.Single((await vm.Pass(variant).ApplyAsync(Desired, Cancel)).Done);
        Assert.Equal(before, await vm.SaveAsync(variant));

        // Something that shuts a port makes the jump the first rule, and the ban that it overtakes is named.
        await vm.ShellAsync($"iptables{variant} -I INPUT 3 -p tcp --dport 8080 -j REJECT");
        var report = await vm.Pass(variant).ApplyAsync(Desired, Cancel);
        Assert.Contains("a rule above the jump blocks 8080: -p tcp -m tcp --dport 8080 -j REJECT", $"{Assert.Single(report.Done)}",
            StringComparison.Ordinal);
        Assert.Contains($"iptables{variant} INPUT {Ban}", PortsDiagnosis.Evaluate(Desired, report, manages: true).PortsOpen.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task IneffectiveStepIsDoneTwiceAndThenReported()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.ShellAsync("iptables-nft -P INPUT DROP");
        // Its changes go nowhere, and it says that all is well.
        var restore = Path.Combine(vm.Folder, "iptables-nft-restore");
        await File.WriteAllTextAsync(restore, $"#!/bin/sh\necho >> {vm.Folder}/calls\nexec cat > /dev/null\n", Cancel);
        File.SetUnixFileMode(restore, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.Copy(restore, Path.Combine(vm.Folder, "ip6tables-nft-restore"));
        var runner = vm.RunnerWith("env", $"PATH={vm.Folder}:/usr/sbin:/usr/bin:/sbin:/bin");
        var pass = new FirewallReconciler(new HostFirewall(runner, Backend.Nft, vm.ProcNet), new StubFirewalld(), vm.Lock, isRoot: true);

        for (var time = 0; time < 5; time++)
            await pass.ApplyAsync(Desired, Cancel);
        var report = await pass.ApplyAsync(Desired, Cancel);

        Assert.Equal(2 * 2, (await File.ReadAllLinesAsync(Path.Combine(vm.Folder, "calls"), Cancel)).Length);
        var finding = PortsDiagnosis.Evaluate(Desired, report, manages: true).PortsOpen;
        Assert.Equal("NoEffect", finding.Reason);
        Assert.Contains("was done 2 times", finding.Message, StringComparison.Ordinal);

        // What changes makes it worth a try.
        await vm.ShellAsync("iptables-nft -N SMM-AGENT");
        Assert.Single((await pass.ApplyAsync(Desired, Cancel)).Done);
    }

    [Fact]
    public async Task BothBackendsAreClearedWithEitherAsTheDefault()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await vm.Pass(Backend.Legacy).ApplyAsync(Desired, Cancel);
        await vm.Pass(Backend.Nft).ApplyAsync(Desired, Cancel);

        var removed = await vm.Pass(Backend.Nft).RemoveAsync(Cancel);

        Assert.Equal(4, removed.Results.Count(result => result.Outcome == StepOutcome.Done));
        Assert.Equal(Empty, await vm.SaveAsync(Backend.Legacy));
        Assert.Equal(Empty, await vm.SaveAsync(Backend.Nft));
    }

    [Fact]
    public async Task ObservationCreatesNoLegacyTable()
    {
        await using var vm = await FirewallNamespace.CreateAsync();

        await vm.Pass(Backend.Nft).DryRunAsync(Desired, Cancel);

        Assert.Equal("", await vm.RunAsync("cat", "/proc/net/ip_tables_names"));
        Assert.Equal("", await vm.RunAsync("nft", "list", "ruleset"));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task SixConcurrentReconcilesLeaveExactlyOneRuleSet(string variant)
    {
        await using var vm = await FirewallNamespace.CreateAsync();

        var reports = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => vm.Pass(variant).ApplyAsync(Desired, Cancel)));

        Assert.Equal(1, reports.Count(report => report.Results.Count > 0));
        Assert.Single((await vm.SaveAsync(variant)).Split('\n'), line => line.StartsWith("-A INPUT", StringComparison.Ordinal));
        Assert.True((await vm.Pass(variant).DryRunAsync(Desired, Cancel)).Remaining.IsEmpty);
    }

    [Fact]
    public async Task DaemonWithCapabilitiesButWithoutRootKeepsTheChain()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        var runner = vm.RunnerWith(
            "setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups",
            "--inh-caps", "+net_admin,+net_raw", "--ambient-caps", "+net_admin,+net_raw");
        var pass = new FirewallReconciler(new(runner, Backend.Nft), new StubFirewalld(), vm.Lock, isRoot: false);

        var report = await pass.ApplyAsync(Desired, Cancel);

        Assert.All(report.Results, result => Assert.Equal(StepOutcome.Done, result.Outcome));
        Assert.NotNull(report.Observed.Nft?.Value);
        Assert.True((await vm.Pass(Backend.Nft).DryRunAsync(Desired, Cancel)).Remaining.IsEmpty);
    }
}
