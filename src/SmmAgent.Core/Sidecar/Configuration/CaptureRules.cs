using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>A rule that redirects the host's traffic into the sidecar's capture.</summary>
/// <param name="Table">nat, mangle or raw.</param>
/// <param name="Chain">A built-in chain, such as OUTPUT.</param>
public sealed record CaptureRule(string Table, string Chain, FilterRule Rule);

/// <summary>Finds the sidecar's capture in the output of the iptables and nftables programs.</summary>
public static class CaptureRules
{
    /// <summary>The tables that Istio uses: nat redirects, mangle has TPROXY, raw has the conntrack zones of DNS.</summary>
    public static IReadOnlyList<string> Tables { get; } = ["nat", "mangle", "raw"];

    private const string ChainPrefix = "ISTIO_";
    private const string NativePrefix = "istio-proxy-";

    // Marks of TPROXY. Rules with these marks do not jump into a chain of Istio; only Istio's clean-up also knows them.
    private static readonly string[] Marks = ["0x539", "0x53a/0xffffffff"];

    /// <param name="saved">The output of iptables-save.</param>
    /// <returns>The rules outside Istio's own chains; null when the text is not output of iptables-save.</returns>
    public static IReadOnlyList<CaptureRule>? Find(string saved)
    {
        if (SavedTables.Parse(saved) is not { } tables)
            return null;

        var known = Tables.ToDictionary(name => name, tables.Table);
        return known.Values.Any(table => table is null) ? null : Find(known!);
    }

    /// <param name="tables">The tables of one tool, by name.</param>
    /// <returns>The rules outside Istio's own chains.</returns>
    public static IReadOnlyList<CaptureRule> Find(IReadOnlyDictionary<string, FilterTable> tables)
    {
        List<CaptureRule> found = [];
        foreach (var name in Tables.Where(tables.ContainsKey))
        {
            var outside = tables[name].Chains.Values.Where(chain => !chain.Name.StartsWith(ChainPrefix, StringComparison.Ordinal))
                .SelectMany(chain => chain.Rules.Select(rule => new CaptureRule(name, chain.Name, rule))).ToList();
            var jumps = outside.Where(one => one.Rule.Target?.StartsWith(ChainPrefix, StringComparison.Ordinal) == true).ToList();
            found.AddRange(name == "mangle"
                && jumps.Count > 0 ? outside.Where(one => jumps.Contains(one) || one.Rule.Arguments.Intersect(Marks).Any()) : jumps);
        }

        return found;
    }

    /// <summary>Whether it is one of Istio's own tables of nftables.</summary>
    public static bool IsNative(string table) => table.StartsWith(NativePrefix, StringComparison.Ordinal);

    /// <param name="listed">The output of <c>nft list tables</c>.</param>
    /// <returns>Istio's own tables of nftables, each with its family: <c>inet istio-proxy-nat</c>.</returns>
    public static IReadOnlyList<string> NativeTables(string listed) =>
        listed.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(words => words is ["table", _, var name] && IsNative(name))
            .Select(words => $"{words[1]} {words[2]}").ToArray();
}
