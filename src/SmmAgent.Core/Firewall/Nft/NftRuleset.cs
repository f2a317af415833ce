using System.Linq;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.Nft;

/// <summary>A table of nftables, named as <c>nft</c> takes it.</summary>
public sealed record NftTable(string Family, string Name)
{
    public bool IsFirewallds => Name == "firewalld";

    /// <summary>Whether firewalld uses it for its panic mode, and during a reload.</summary>
    public bool IsFirewalldsPanic => Name == "firewalld_policy_drop";

    public override string ToString() => $"{Family} {Name}";
}

/// <summary>A chain of nftables.</summary>
/// <param name="Hook">The hook of the kernel; null for a chain that is only a target of jumps.</param>
/// <param name="Priority">
/// The order among the chains of its hook; null where it has none, or an older nft printed it in another form.
/// </param>
public sealed record NftChain(NftTable Table, string Name, string? Hook, bool PolicyAccepts, int? Priority = null)
{
    // Addresses and ports of the destination are translated at this priority.
    private const int DestinationNat = -100;

    /// <summary>Whether packets pass it before the sidecar's capture redirects them.</summary>
    public bool IsBeforeCapture => Hook is "prerouting" or "ingress" && !(Priority > DestinationNat);

    /// <summary>Whether it has the hook and priority of INPUT of iptables.</summary>
    public bool IsAtUsualPlace => Hook == "input" && Priority == 0;

    public override string ToString() => $"{Table} {Name}";
}

/// <summary>The parts of the ruleset of <c>nft -j list ruleset</c> that decide about inbound packets.</summary>
public sealed record NftRuleset(
    IReadOnlyList<NftChain> Chains,
    ILookup<(NftTable Table, string Chain), JsonElement> WholeRules,
    IReadOnlyDictionary<(NftTable Table, string Set), JsonElement> Sets)
{
    // The output of nft is shallow; deeper JSON is refused.
    private const int MaximumDepth = 64;

    /// <summary>Whether the sets are complete; otherwise they were read without their elements.</summary>
    public bool HasElements { get; init; } = true;

    /// <summary>Tables with a name of iptables that iptables cannot show, so that the rules of nft are evaluated.</summary>
    public IReadOnlySet<NftTable> Native { get; init; } = new HashSet<NftTable>();

    // The names of the tables of iptables-nft; iptables-nft-save shows them better.
    private static readonly string[] TablesOfIptables = ["filter", "nat", "mangle", "raw", "security"];

    public static NftRuleset Empty { get; } = Parse("""{"nftables":[]}""")!;

    /// <summary>
    /// The sets and maps whose elements may decide whether a port is open, and that were read without them. A rule that only drops packets
    /// of some addresses is a ban, with any elements.
    /// </summary>
    public IReadOnlyList<(NftTable Table, string Name, bool IsMap)> DecidingSets =>
    [
        .. (from rules in WholeRules
            from rule in rules
            from name in NftExpression.DecidingSets(rule)
            let key = (rules.Key.Table, name)
            where Sets.ContainsKey(key)
            select (key.Table, key.name, IsMap: Sets[key].Member("map") is not null)).Distinct(),
    ];

    /// <summary>The same ruleset with the elements of these sets.</summary>
    /// <param name="sets">Each as nft prints it on its own.</param>
    public NftRuleset With(IEnumerable<NftRuleset> sets)
    {
        var all = Sets.ToDictionary();
        foreach (var (key, set) in sets.SelectMany(one => one.Sets))
            all[key] = set.Member("elem") is null ? EmptySet : set;
        return this with { Sets = all };
    }

    private static JsonElement EmptySet { get; } = JsonDocument.Parse("""{"elem":[]}""").RootElement;

    /// <summary>Combines rulesets of different tables.</summary>
    public static NftRuleset Combine(IReadOnlyCollection<NftRuleset> parts) => new(
        parts.SelectMany(part => part.Chains).ToArray(),
        parts.SelectMany(part => part.WholeRules).SelectMany(rules => rules, (rules, rule) => (rules.Key, rule))
            .ToLookup(one => one.Key, one => one.rule),
        parts.SelectMany(part => part.Sets).DistinctBy(set => set.Key).ToDictionary())
    { HasElements = parts.All(part => part.HasElements) };

    /// <summary>Whether the table has the name of a table of iptables, which iptables-save shows.</summary>
    public static bool IsOfIptables(NftTable table) => table.Family is "ip" or "ip6" && TablesOfIptables.Contains(table.Name);

    /// <summary>Whether iptables may have the chain that the kernel enters.</summary>
    public static bool IsOfIptables(string chain) => chain is "PREROUTING" or "INPUT" or "FORWARD" or "OUTPUT" or "POSTROUTING";

    /// <summary>The statements of each rule of a chain.</summary>
    public IEnumerable<JsonElement> Rules(NftTable table, string chain) =>
        WholeRules[(table, chain)].Select(rule => rule.Member("expr") ?? default);

    /// <summary>Every chain that packets to this host pass, without those of iptables.</summary>
    public IEnumerable<NftChain> InputChains => ChainsAt(Hook.Input);

    /// <summary>Every chain that packets pass at a hook, without those of iptables.</summary>
    public IEnumerable<NftChain> ChainsAt(Hook hook)
    {
        var (name, ofIptables) = (hook == Hook.Input ? "input" : "output", hook.ChainOfIptables());
        return Chains.Where(chain => chain.Hook == name && chain.Table.Family is "ip" or "ip6" or "inet"
            && (Native.Contains(chain.Table) || !IsOfIptables(chain, ofIptables)));
    }

    /// <summary>Every chain that inbound packets pass before the routing decision, without those of iptables.</summary>
    public IEnumerable<NftChain> PreroutingChains => Chains.Where(
        chain => chain.Hook is "prerouting" or "ingress" && chain.Table.Family is "ip" or "ip6" or "inet" or "netdev"
            && (Native.Contains(chain.Table) || !IsOfIptables(chain, "PREROUTING")));

    /// <returns>Null when the text is not JSON of nft.</returns>
    public static NftRuleset? Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new() { MaxDepth = MaximumDepth });
            // Only an escape can be half a character: the rest was decoded. Large sets are not walked without need.
            if (json.Contains("\\ud", StringComparison.OrdinalIgnoreCase) && !UnicodeText.IsAllOf(document.RootElement))
                return null;

            var items = document.RootElement.Clone().GetProperty("nftables").EnumerateArray().ToList();
            return new(
                Items(items, "chain").Select(Chain).ToArray(),
                Items(items, "rule").ToLookup(rule => (Table(rule), Text(rule, "chain"))),
                Items(items, "set").Concat(Items(items, "map")).DistinctBy(set => (Table(set), Text(set, "name")))
                    .ToDictionary(set => (Table(set), Text(set, "name"))));
        }
        catch (Exception exception) when (
            exception is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static IEnumerable<JsonElement> Items(List<JsonElement> items, string kind) =>
        from item in items
        let value = item.Member(kind)
        where value is not null
        select value.Value;

    private static NftChain Chain(JsonElement chain) => new(
        Table(chain),
        Text(chain, "name"),
        chain.TryGetProperty("hook", out var hook) ? hook.GetString() : null,
        !chain.TryGetProperty("policy", out var policy) || policy.GetString() != "drop",
        chain.Member("prio")?.Integer());

    private static NftTable Table(JsonElement item) =>
        new(Text(item, "family"), Text(item, item.TryGetProperty("table", out _) ? "table" : "name"));

    private static string Text(JsonElement item, string member) => item.GetProperty(member).GetString() ?? "";

    private static bool IsOfIptables(NftChain chain, string name) =>
        IsOfIptables(chain.Table) && chain.Name == name;
}
