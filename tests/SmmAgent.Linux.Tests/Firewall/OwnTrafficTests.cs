using System.Net;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Linux.Tests.Firewall;

/// <summary>
/// The verdict on the VM's own connections equals what a real connection to a gateway experiences, before the named command and after it.
/// </summary>
public sealed class OwnTrafficTests
{
    private const string Gateway4 = "198.18.0.1";
    private const string Gateway6 = "2001:2::1";
    private const int Port = 15012;

    private static readonly DesiredFirewall Nothing = new([], [], Complete: false);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string?> Rules => new()
    {
        { Backend.Nft, "IPT -P INPUT DROP", OwnTraffic.RepliesDropped },
        { Backend.Legacy, "IPT -P INPUT DROP", OwnTraffic.RepliesDropped },
        { Backend.Nft, "IPT -P INPUT DROP; IPT -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", null },
        { Backend.Legacy, "IPT -P INPUT DROP; IPT -A INPUT -m state --state ESTABLISHED -j ACCEPT", null },
        { Backend.Nft, "IPT -P INPUT DROP; IPT -A INPUT -m conntrack --ctstate NEW,RELATED -j ACCEPT", OwnTraffic.RepliesDropped },
        { Backend.Nft, "IPT -P INPUT DROP; IPT -A INPUT -p tcp ! --syn -j ACCEPT", null },
        { Backend.Nft, "IPT -P INPUT DROP; IPT -A INPUT -p tcp --sport 15012 -j ACCEPT", null },
        { Backend.Nft, "IPT -P INPUT DROP; IPT -A INPUT -m conntrack --ctdir REPLY -j ACCEPT", null },
        { Backend.Nft, "IPT -P OUTPUT DROP; IPT -A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT", OwnTraffic.OutputDropped },
        { Backend.Legacy, "IPT -A OUTPUT -p tcp --dport 15000:15100 -j REJECT", OwnTraffic.OutputDropped },
        { Backend.Nft, "IPT -P OUTPUT DROP; IPT -A OUTPUT -p tcp -m multiport --dports 443,15012 -j ACCEPT", null },
        { Backend.Nft,
            "nft 'table inet site { chain in { type filter hook input priority 5; policy drop; ct state vmap { new : accept, invalid "
                + ": drop } ; } ; }'", OwnTraffic.RepliesDropped },
        { Backend.Nft,
            "nft 'table inet site { chain in { type filter hook input priority 5; policy drop; "
                + "ct state established,related accept ; } ; }'", null },
        { Backend.Nft,
            "nft 'table inet site { chain in { type filter hook input priority 5; policy drop; ct state vmap { established : accept, "
                + "related : accept } ; } ; }'", null },
        { Backend.Nft,
            "nft 'table inet site { chain in { type filter hook input priority 5; policy drop; meta l4proto { icmpv6 } accept ; tcp dport "
                + "1024-65535 accept ; } ; }'", null },
        { Backend.Nft,
            "nft 'table inet site { chain out { type filter hook output priority 5; policy drop; meta l4proto { icmpv6 } accept ; } ; }'",
                OwnTraffic.OutputDropped },
        { Backend.Nft,
            "nft 'table inet site { chain out { type filter hook output priority 5; policy drop; tcp dport { 443, 15000-15099 "
                + "} accept ; } ; }'", null },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task EvaluationEqualsARealConnectionAndTheFixWorks(string variant, string rules, string? reason)
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await using var cluster = await FirewallNamespace.CreateAsync();
        await vm.ShellAsync($"ip link add eth0 type veth peer name eth0 netns {cluster.Name}");
        await cluster.ShellAsync($"ip addr add {Gateway4}/24 dev eth0; ip addr add {Gateway6}/64 dev eth0 nodad; ip link set eth0 up");
        await vm.ShellAsync("ip addr add 198.18.0.2/24 dev eth0; ip addr add 2001:2::2/64 dev eth0 nodad; ip link set eth0 up");
        // Addresses of the link are found by packets that a policy of DROP drops, too: they are not what this is about.
        var link = (await cluster.RunAsync("cat", "/sys/class/net/eth0/address")).Trim();
        await vm.ShellAsync($"ip neigh replace {Gateway6} lladdr {link} dev eth0 nud permanent");
        var back = (await vm.RunAsync("cat", "/sys/class/net/eth0/address")).Trim();
        await cluster.ShellAsync($"ip neigh replace 2001:2::2 lladdr {back} dev eth0 nud permanent");
        using var gateway = cluster.Listen(Port);
        await vm.ShellAsync(rules.Replace("IPT", $"iptables{variant}", StringComparison.Ordinal));
        if (rules.Contains("IPT", StringComparison.Ordinal))
            await vm.ShellAsync(rules.Replace("IPT", $"ip6tables{variant}", StringComparison.Ordinal));

        List<string> cures = [];
        foreach (var address in new[] { Gateway4, Gateway6 })
        {
            var found = await JudgeAsync(vm, variant, address);
            Assert.Equal(reason is null ? [] : [reason], found.Select(obstacle => obstacle.Reason));
            Assert.Equal(reason is null, await vm.ReachesAsync(address, Port, reason is null ? 10 : 1));
            cures.AddRange(found.Select(obstacle => obstacle.Remediation.Replace("sudo ", "", StringComparison.Ordinal)));
        }

        foreach (var fix in cures.Distinct())
            await vm.ShellAsync(fix);
        foreach (var address in reason is null ? [] : new[] { Gateway4, Gateway6 })
        {
            Assert.Empty(await JudgeAsync(vm, variant, address));
            Assert.True(await vm.ReachesAsync(address, Port));
        }
    }

    private static async Task<IReadOnlyList<OwnTrafficBlocker>> JudgeAsync(FirewallNamespace vm, string variant, string peer)
    {
        var observation = await vm.Pass(variant).DryRunAsync(Nothing, Cancel);
        var verdict = OwnTraffic.Evaluate([new OwnConnection(Transport.Tcp, IPAddress.Parse(peer), Port)], observation.Observed);
        Assert.Null(verdict.UnclearReason);
        return verdict.Blockers;
    }
}
