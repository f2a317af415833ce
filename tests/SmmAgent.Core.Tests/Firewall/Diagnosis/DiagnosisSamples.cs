using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using static SmmAgent.Core.Tests.Firewall.FirewallSamples;

namespace SmmAgent.Core.Tests.Firewall.Diagnosis;

/// <summary>Hosts that the agent is attached to, for the tables of the diagnosis.</summary>
internal static class DiagnosisSamples
{
    public const string DropTable =
        """
        {"nftables":[{"metainfo":{"version":"1.0.6"}},{"table":{"family":"inet","name":"site","handle":1}},
        {"set":{"family":"inet","name":"web","table":"site","type":"inet_service","handle":9,"elem":[80,{"range":[8000,8100]}]}},
        {"chain":{"family":"inet","table":"site","name":"in","handle":1,"type":"filter","hook":"input","prio":10,"policy":"drop"}},
        RULES
        {"chain":{"family":"inet","table":"site","name":"extra","handle":2}}]}
        """;

    private const string Dport = """{"payload":{"protocol":"tcp","field":"dport"}}""";

    public static PortsState Of(DesiredFirewall desired, ObservedFirewall observed, bool manages = true) =>
        PortsDiagnosis.Evaluate(desired, new([], observed, FirewallPlanner.Plan(desired, observed)), manages);

    public static FirewalldZone Zone(int[] openNow) => new("public", true, openNow.ToHashSet(), new HashSet<int>());

    public static ObservedFirewall Attached(DesiredFirewall desired)
    {
        var host = Observed(Table(policy: "DROP"), Table(policy: "DROP"));
        return host.After(FirewallPlanner.Plan(desired, host));
    }

    public static ObservedFirewall WithNft(string expressions, string policy = "drop")
    {
        var desired = Desired();
        var rule = expressions.Length == 0
            ? ""
            : """{"rule":{"family":"inet","table":"site","chain":"in","handle":3,"expr":["""
            + expressions.Replace("DPORT", Dport, StringComparison.Ordinal) + "]}},";
        var json = DropTable.Replace("RULES", rule, StringComparison.Ordinal)
            .Replace("\"policy\":\"drop\"", $"\"policy\":\"{policy}\"", StringComparison.Ordinal);
        return Attached(desired) with { Nft = Observation<NftRuleset>.Known(NftRuleset.Parse(json)!) };
    }
}
