using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>A rule that leads the host's traffic into the sidecar's capture.</summary>
/// <param name="Table">nat, mangle or raw.</param>
/// <param name="Chain">A chain of the kernel's, such as OUTPUT.</param>
public sealed record CaptureRule(string Table, string Chain, FilterRule Rule);

/// <summary>Finds the sidecar's capture in what the programs of iptables and nftables print.</summary>
public static class CaptureRules
{
    /// <summary>The tables that Istio uses: nat redirects, mangle has TPROXY, raw has the conntrack zones of DNS.</summary>
    public static IReadOnlyList<string> Tables { get; } = ["nat", "mangle", "raw"];

    private const string ChainPrefix = "ISTIO_";
    private const string NativePrefix = "istio-proxy-";

    // Marks of TPROXY. Only Istio's clean-up knows these rules else, which jump into no chain of its own.
    private static readonly string[] Marks = ["0x539", "0x53a/0xffffffff"];

    /// <param name="saved">What iptables-save prints.</param>
    /// <returns>The rules outside Istio's own chains; null when the text is not what iptables-save prints.</returns>
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

    /// <param name="listed">What <c>nft list tables</c> prints.</param>
    /// <returns>Istio's own tables of nftables, each with its family: <c>inet istio-proxy-nat</c>.</returns>
    public static IReadOnlyList<string> NativeTables(string listed) =>
    [
        .. listed.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(words => words is ["table", _, var name] && IsNative(name))
            .Select(words => $"{words[1]} {words[2]}"),
    ];
}
