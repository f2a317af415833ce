using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Planning;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Firewall;

/// <summary>Reads the tables of nftables that iptables does not show: only the parts that decide about a port.</summary>
/// <remarks>
/// With a ban list of 40,000 elements the whole ruleset as JSON costs 200 MB. So sets are read without their elements, unless a set
/// decides about a port; and where this process is in the network namespace, the kernel lists the tables to read.
/// </remarks>
internal sealed class NftObserver(CommandRunner runner)
{
    private static readonly string[] Families = ["ip", "ip6", "inet", "netdev"];

    /// <param name="native">The tables under names of iptables that it cannot show.</param>
    /// <returns>Null where the host has no nft command.</returns>
    public async Task<Observation<NftRuleset>?> ObserveAsync(IReadOnlySet<NftTable> native, CancellationToken cancel)
    {
        var (terse, result) = await TerseAsync(native, cancel);
        // A table may be gone by now, or nft is too old for the request.
        if (terse is null && result?.Ending != CommandEnding.NotFound)
            (terse, result) = await ListAsync(["list", "ruleset"], cancel);
        if (result?.Ending == CommandEnding.NotFound)
            return null;
        if (terse is null)
        {
            return Observation<NftRuleset>.Unknown(
                result is { Succeeded: false } ? result.Describe() : "nft -j list ruleset printed output that the agent cannot read");
        }


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

    /// <summary>The tables with a chain that inbound or outbound packets pass, without those that iptables shows.</summary>
    /// <returns>Null where the kernel does not answer, or the network namespace is another one.</returns>
    private List<NftTable>? Tables(IReadOnlySet<NftTable> native)
    {
        if (!runner.IsHere)
            return null;

        try
        {
            return
                (from chain in NftTables.Chains()
                 where chain.IsBase && Families.Contains(chain.Table.Family)
                     && (native.Contains(chain.Table) || !NftRuleset.IsOfIptables(chain.Table) || !NftRuleset.IsOfIptables(chain.Chain))
                 select chain.Table).Distinct().ToList();
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
