using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Firewall;

/// <summary>
/// The filter table of one family where iptables cannot show it: nft shows it, and writes the agent's rules in one transaction.
/// </summary>
/// <remarks>
/// A single rule of nft is enough for that (Debian's nftables.conf with a chain INPUT, netbird, tailscale). iptables-save then prints no
/// rule, and exits with success.
/// </remarks>
internal sealed class NftFilter(CommandRunner runner, FilterTool tool)
{
    private readonly NftTable _table = NftFilterTable.ForFamily(tool.Family);

    public async Task<Observation<FilterState>> ObserveAsync(CancellationToken cancel)
    {
        var (ruleset, reason) = await ListAsync(cancel);
        return ruleset is null
            ? Observation<FilterState>.Unknown(
                $"{tool.Save} cannot show the table {_table}, because a rule in it was written with nft; {reason}")
            : Observation<FilterState>.Known(FilterState.Present(NftFilterTable.Read(ruleset, _table)) with { Native = ruleset });
    }

    /// <summary>Whether there is a chain INPUT that iptables does not recognize as its own, or whether that is unknown.</summary>
    public async Task<bool> HasForeignInputAsync(CancellationToken cancel) =>
        await ListAsync(cancel) is not ({ } ruleset, _)
        || ruleset.Chains.Any(chain => chain is { Name: "INPUT", IsAtUsualPlace: false } && chain.Table == _table);

    public async Task<StepResult> ApplyAsync(PlanStep step, CancellationToken cancel)
    {
        var script = step switch
        {
            RewriteChain rewrite => NftFilterTable.Rewrite(_table, rewrite.Rules, rewrite.Jumps, rewrite.KeepsJump),
            RemoveChain remove => NftFilterTable.Remove(_table, remove.References, remove.ChainExists),
            _ => throw new ArgumentException($"no step for nft: {step}", nameof(step)),
        };
        var result = await runner.RunAsync(["nft", "-f", "-"], cancel, script);
        return result.Succeeded ? new(step, StepOutcome.Done)
            : new(step, Capabilities.HaveNetAdmin() ? StepOutcome.Failed : StepOutcome.NotPermitted, result.Describe());
    }

    // The elements of sets are left out, because there may be many: the agent's own rules have no sets.
    private async Task<(NftRuleset? Ruleset, string? Reason)> ListAsync(CancellationToken cancel)
    {
        var result = await runner.RunAsync(["nft", "-j", "-t", "list", "table", .. $"{_table}".Split(' ')], cancel);
        if (result.Ending == CommandEnding.NotFound)
            return (null, "nft, which can show it, is not installed: install the package nftables");
        if (!result.Succeeded)
            return (null, result.Describe());

        return NftRuleset.Parse(result.Output) is { } ruleset
            ? (ruleset with { HasElements = false }, null)
            : (null, "nft printed output that the agent cannot read");
    }
}
