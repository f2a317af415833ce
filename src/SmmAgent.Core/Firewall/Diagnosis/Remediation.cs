using System.Net;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Firewall.Diagnosis;

/// <summary>The fixes for blocked ports: commands for the operator.</summary>
public static class Remediation
{
    public const string ByReconcile = "the privileged reconcile opens the ports there; run: sudo smm-agent reconcile";

    public static string Ports(IEnumerable<OpenPort> ports) => string.Join(", ", ports.Select(port => port.Port));

    private const string PanicOff = "firewalld is in panic mode and drops everything; run: sudo firewall-cmd --panic-off";

    /// <summary>Describes the fix for the operator.</summary>
    public static string Describe(ChainBlocker blocker, DesiredFirewall desired, ObservedFirewall observed)
    {
        if (IsPanic(blocker, observed))
            return PanicOff;

        if (blocker.Nft is { Table: { IsFirewallds: true } table })
        {
            return observed.Firewalld is FirewalldObservation.NotRunning
                ? "the table remained after firewalld stopped; run: sudo systemctl start firewalld, "
                    + $"or: sudo nft delete table {table}"
                : ByReconcile;
        }

        return $"run: {string.Join(" && ", Commands(blocker, desired, observed))}";
    }

    internal static string Describe(ClosedZone zone)
    {
        var ports = string.Join(' ', zone.Ports.Select(port => $"--add-port={port}/tcp"));
        return $"run: sudo firewall-cmd --permanent --zone={zone.Name} {ports} && sudo firewall-cmd --reload";
    }

    // Panic mode is a table of its own in nftables. With the iptables backend of firewalld it sets the policies of all chains.
    private static bool IsPanic(ChainBlocker blocker, ObservedFirewall observed) =>
        blocker is { Nft: { Table.IsFirewalldsPanic: true, Hook: "prerouting" } }
        || (blocker is { Elsewhere.Table: "raw", ByRule: false } && observed.Firewalld is not FirewalldObservation.NotRunning);

    public static IReadOnlyList<string> Commands(ChainBlocker blocker, DesiredFirewall desired, ObservedFirewall observed)
    {
        if (blocker is { Filter: { } tool, Nft: null })
        {
            var rules =
                from rule in AgentRules.Build(desired with { Ports = blocker.Ports }, tool.Family)
                let match = PortMatch.From(rule)!.Value
                where match.CapturedFrom is null || observed.Captured
                select (Rule: rule, Match: match);
            if (blocker.Elsewhere is { } chain)
            {
                return rules.Where(one => one.Match.CapturedFrom is null || !chain.IsBeforeCapture)
                    .Select(one => $"sudo {tool.Command} -w 5 -t {chain.Table} -I {chain.Name} 1 {one.Rule.Text}").Distinct().ToArray();
            }

            var isUfw = observed.HasUfw(tool);
            return rules.Select(one => isUfw && one.Match.CapturedFrom is null
                ? Ufw(one.Match)
                : $"sudo {tool.Command} -w 5 -I INPUT 1 {one.Rule.Text}").Distinct().ToArray();
        }

        var families = new[] { IpFamily.IPv4, IpFamily.IPv6 }
            .Where(family => blocker.Nft!.Table.Family != (family == IpFamily.IPv4 ? "ip6" : "ip"));
        var sources = desired.Sources.Count == 0 ? [""] : families.SelectMany(family => SourceMatch(desired, family)).ToList();
        return sources.SelectMany(source => NftRules(blocker, observed, source)).ToArray();
    }

    // ufw removes rules that it did not write at its next start.
    private static string Ufw(PortMatch match) => match.Source is { } source
        ? $"sudo ufw allow proto tcp from {source} to any port {match.Port}"
        : $"sudo ufw allow {match.Port}/tcp";

    private static IEnumerable<string> SourceMatch(DesiredFirewall desired, IpFamily family)
    {
        var sources = desired.SourcesIn(family);
        var (field, protocol) = family == IpFamily.IPv4 ? ("ip saddr", "ipv4") : ("ip6 saddr", "ipv6");
        if (sources.Count > 0)
            yield return sources.Any(source => source.PrefixLength == 0) ? $"meta nfproto {protocol} " : $"{field} {Set(sources)} ";
    }

    // A rule that is added after a rule that drops is never reached.
    private static IEnumerable<string> NftRules(ChainBlocker blocker, ObservedFirewall observed, string source)
    {
        var command = $"sudo nft {(blocker.ByRule ? "insert" : "add")} rule {blocker.Nft}";
        var ports = blocker.Ports.Select(port => port.Port).Where(port => port != AgentChain.CapturePort).ToList();
        if (ports.Count > 0)
            yield return $"{command} '{source}tcp dport {Set(ports)} accept'";

        var captured = blocker.Ports.Where(port => port.Captured).Select(port => port.Port).ToList();
        if (captured.Count > 0 && observed.Captured && blocker.Nft is not { IsBeforeCapture: true })
            yield return $"{command} '{source}tcp dport {AgentChain.CapturePort} ct original proto-dst {Set(captured)} accept'";
    }

    private static string Set(List<int> ports) => ports.Count == 1 ? $"{ports[0]}" : $"{{ {string.Join(", ", ports)} }}";

    private static string Set(IReadOnlyList<IPNetwork> networks) =>
        networks.Count == 1 ? $"{networks[0]}" : $"{{ {string.Join(", ", networks)} }}";
}
