using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Planning;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Firewall;

/// <summary>Reads what nftables has beside the tables that iptables shows: no more of it than decides about a port.</summary>
/// <remarks>
/// The whole ruleset as JSON costs 40,000 elements of a ban list 200 MB. So sets are read without their elements, unless a set decides about a port; and where this process is
/// in the network namespace, the kernel says which tables there are to read.
/// </remarks>
internal sealed class NftObserver(CommandRunner runner)
{
    private static readonly string[] Families = ["ip", "ip6", "inet", "netdev"];

    /// <param name="native">The tables under names of iptables that it cannot show.</param>
    /// <returns>Null where the host has no nft command.</returns>
    public async Task<Observation<NftRuleset>?> ObserveAsync(IReadOnlySet<NftTable> native, CancellationToken cancel)
    {
        var (terse, result) = await TerseAsync(native, cancel);
        // A table may be gone since, or the nft is too old for what was asked.
        if (terse is null && result?.Ending != CommandEnding.NotFound)
            (terse, result) = await ListAsync(["list", "ruleset"], cancel);
        if (result?.Ending == CommandEnding.NotFound)
            return null;
        if (terse is null)
            return Observation<NftRuleset>.Unknown(result is { Succeeded: false } ? result.Describe() : "nft -j list ruleset printed what cannot be read");

        var deciding = terse.DecidingSets;
        List<NftRuleset> sets = [];
        foreach (var (table, name, isMap) in deciding)
        {
            if ((await ListAsync(["list", isMap ? "map" : "set", table.Family, table.Name, name], cancel)).Ruleset is { } set)
                sets.Add(set);
        }

        return Observation<NftRuleset>.Known(terse.With(sets) with { Native = native });
    }

    /// <summary>One table, its sets without elements; null where it cannot be read.</summary>
    public async Task<NftRuleset?> TableAsync(NftTable table, CancellationToken cancel) =>
        (await ListAsync(["-t", "list", "table", table.Family, table.Name], cancel)).Ruleset;

    private async Task<(NftRuleset? Ruleset, CommandResult? Result)> TerseAsync(IReadOnlySet<NftTable> native, CancellationToken cancel)
    {
        if (Tables(native) is not { } tables)
            return await ListAsync(["-t", "list", "ruleset"], cancel);
        if (tables.Count == 0)
            return (NftRuleset.Empty with { HasElements = false }, null);

        List<NftRuleset> parts = [];
        foreach (var table in tables)
        {
            var (part, result) = await ListAsync(["-t", "list", "table", table.Family, table.Name], cancel);
            if (part is null)
                return (null, result);
            parts.Add(part);
        }

        return (NftRuleset.Combine(parts), null);
    }

    /// <summary>The tables that have a chain by which packets come in or go out, but for those that iptables shows.</summary>
    /// <returns>Null where the kernel does not say, or is not asked for this network namespace.</returns>
    private List<NftTable>? Tables(IReadOnlySet<NftTable> native)
    {
        if (!runner.IsHere)
            return null;

        try
        {
            return
            [
                .. (from chain in NftTables.Chains()
                    where chain.IsBase && Families.Contains(chain.Table.Family)
                        && (native.Contains(chain.Table) || !NftRuleset.IsOfIptables(chain.Table) || !NftRuleset.IsOfIptables(chain.Chain))
                    select chain.Table).Distinct(),
            ];
        }
        catch (IOException)
        {
            return null;
        }
    }

    private async Task<(NftRuleset? Ruleset, CommandResult Result)> ListAsync(IReadOnlyList<string> what, CancellationToken cancel)
    {
        var result = await runner.RunAsync(["nft", "-j", .. what], cancel);
        var ruleset = result.Succeeded ? NftRuleset.Parse(result.Output) : null;
        return (ruleset is null ? null : ruleset with { HasElements = !what.Contains("-t") }, result);
    }
}
