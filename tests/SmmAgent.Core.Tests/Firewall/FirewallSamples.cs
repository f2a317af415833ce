using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Tests.Firewall.Planning;

namespace SmmAgent.Core.Tests.Firewall;

/// <summary>Desired and observed firewalls for the tables of the tests.</summary>
internal static class FirewallSamples
{
    public static readonly OpenPort Agent = new(16400, "agent", Captured: false);
    public static readonly OpenPort Http = new(8080, "http", Captured: true);

    public static DesiredFirewall Desired(params string[] sources) =>
        new([Http, Agent], [.. sources.Select(source => Cidr.Parse(source)!.Value)], Complete: true);

    public static FilterTable Table(string rules = "", string policy = "ACCEPT") =>
        FilterTable.Parse($"*filter\n:INPUT {policy} [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{rules}COMMIT\n")!;

    public static ObservedFirewall Observed(FilterTable ipv4, FilterTable? ipv6 = null) => new(
        [Known(IpFamily.IPv4, ipv4), ipv6 is null ? Absent(IpFamily.IPv6, FilterPresence.FamilyOff) : Known(IpFamily.IPv6, ipv6)],
        new FirewalldObservation.NotRunning());

    public static ObservedFilter Known(IpFamily family, FilterTable table, string variant = "") =>
        new(new(family, variant), Observation<FilterState>.Known(FilterState.Present(table)));

    public static ObservedFilter Absent(IpFamily family, FilterPresence presence) =>
        new(new(family), Observation<FilterState>.Known(FilterState.Absent(presence)));

    /// <summary>The host as it is once every step of the plan is done.</summary>
    public static ObservedFirewall After(this ObservedFirewall observed, Plan plan) => observed with
    {
        Filters = [.. observed.Filters.Select(filter => plan.Steps.Aggregate(filter, Apply))],
    };

    public static FilterTable TableOf(this ObservedFirewall observed, IpFamily family) =>
        observed.Filters.Single(filter => filter.Tool.Family == family).State.Value!.Table;

    private static ObservedFilter Apply(ObservedFilter filter, PlanStep step)
    {
        var script = step switch
        {
            RewriteChain rewrite when rewrite.Tool == filter.Tool => ChainScript.Rewrite(rewrite.Rules, rewrite.Jumps, rewrite.KeepsJump),
            RemoveChain remove when remove.Tool == filter.Tool => ChainScript.Remove(remove.References, remove.ChainExists),
            _ => null,
        };
        return script is null ? filter
            : Known(filter.Tool.Family, SimulatedRestore.Run(filter.State.Value!.Table, script), filter.Tool.Variant);
    }
}
