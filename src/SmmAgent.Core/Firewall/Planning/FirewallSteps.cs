using System.Net;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>Rewrites the agent's chain, and its jump unless the jump is correct.</summary>
/// <param name="Rules">All rules of the chain.</param>
/// <param name="Jumps">The jumps in INPUT to remove.</param>
/// <param name="Drift">The differences, in words.</param>
public sealed record RewriteChain(
    FilterTool Tool, IReadOnlyList<FilterRule> Rules, IReadOnlyList<FilterRule> Jumps, IReadOnlyList<string> Drift)
    : PlanStep(StepOwner.Daemon)
{
    /// <summary>Whether the existing jump stays in its place: rules that other programs put above it stay above it.</summary>
    public bool KeepsJump { get; init; }

    /// <summary>Whether nft executes the step, because iptables cannot show the table.</summary>
    public bool IsNative { get; init; }

    public override string ToString() =>
        $"{Tool}{(IsNative ? " (by nft)" : "")}: write chain {AgentChain.Name} ({string.Join("; ", Drift)})";
}

/// <summary>
/// Removes the agent's chain and the rules that lead into it, and the table if the agent made it and no other program uses it.
/// </summary>
/// <param name="Empty">The origin of the table, if it is empty afterwards; null while other programs use it.</param>
public sealed record RemoveChain(
    FilterTool Tool, IReadOnlyList<(string Chain, FilterRule Rule)> References, bool ChainExists, TableOrigin? Empty)
    : PlanStep(StepOwner.Daemon)
{
    /// <summary>Whether nft executes the step, because iptables cannot show the table.</summary>
    public bool IsNative { get; init; }

    public bool RemovesTable => Empty == TableOrigin.Agent;

    public override string ToString()
    {
        var parts = References.Select(reference => $"the jump in {reference.Chain}").ToList();
        if (ChainExists)
            parts.Add($"chain {AgentChain.Name}");
        if (RemovesTable)
            parts.Add("the empty table filter, which the agent made");
        var stays = Empty == TableOrigin.Module ? " (the empty table filter stays: the legacy backend keeps it until a restart)" : "";
        return parts.Count == 0
            ? $"{Tool}: the table filter stays, because other programs use it now"
            : $"{Tool}{(IsNative ? " (by nft)" : "")}: remove {string.Join(", ", parts)}{stays}";
    }
}

/// <summary>Makes the agent's rules in a zone of firewalld open exactly these ports, now and permanently.</summary>
/// <param name="Sources">The sources of the cluster's traffic; empty means any.</param>
/// <param name="Closed">The ports that are closed there now, or after the next reload.</param>
public sealed record OpenInFirewalld(string Zone, IReadOnlyList<int> Ports, IReadOnlyList<IPNetwork> Sources, IReadOnlyList<int> Closed)
    : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"firewalld: open {string.Join(", ", Closed)} in zone {Zone}";
}

/// <summary>Closes ports in a zone of firewalld that the agent opened and that are no longer wanted, now and permanently.</summary>
/// <param name="Ports">The ports that the agent keeps open in this zone.</param>
/// <param name="Stale">The openings that are closed.</param>
public sealed record CloseInFirewalld(
    string Zone, IReadOnlyList<int> Ports, IReadOnlyList<IPNetwork> Sources, IReadOnlyList<PortOpening> Stale)
    : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"firewalld: close {string.Join(", ", Stale)} in zone {Zone}";
}
