namespace SmmAgent.Core.Firewall.Evaluation;

public enum RuleAction
{
    Accept,
    Drop,
    Return,
    Jump,
    Goto,

    /// <summary>Another component decides, such as a queue.</summary>
    Undecided,
}

/// <summary>The effect of one rule on a packet. A rule that decides nothing (it counts, logs, marks) has no effect.</summary>
/// <param name="Target">The chain, for a jump or goto.</param>
public readonly record struct RuleEffect(Match Match, RuleAction Action, string? Target = null);

/// <summary>The result of a base chain for a packet.</summary>
public enum Verdict
{
    Accept,
    Drop,

    /// <summary>It depends on what the agent does not know.</summary>
    Unclear,
}

/// <param name="ByRule">Whether a rule dropped it, not the policy.</param>
public readonly record struct WalkResult(Verdict Verdict, bool ByRule);

/// <summary>Follows a packet through a base chain and the chains that it jumps to.</summary>
/// <param name="chain">The effects of a chain's rules on the packet, in their order.</param>
public sealed class ChainWalk(Func<string, IEnumerable<RuleEffect>> chain)
{
    // The kernel allows 16 (nftables) or as many as there are chains (legacy); a loop is refused by both.
    private const int MaximumDepth = 32;

    // Whether the packet may reach the end of a chain. This does not depend on the path to the chain, so each chain is followed once: with
    // two
    // jumps from each of 30 chains into the next there are a thousand million paths.
    private readonly Dictionary<string, bool> _visited = [];

    private bool _accepts;
    private bool _drops;
    private bool _droppedByRule;

    public static WalkResult Follow(string baseChain, bool policyAccepts, Func<string, IEnumerable<RuleEffect>> chain)
    {
        var walk = new ChainWalk(chain);
        if (walk.ComesOut(baseChain, 0))
            walk.Note(policyAccepts ? RuleAction.Accept : RuleAction.Drop, byRule: false);

        var verdict = (walk._accepts, walk._drops) switch
        {
            (true, false) => Verdict.Accept,
            (false, true) => Verdict.Drop,
            _ => Verdict.Unclear,
        };
        return new(verdict, walk._droppedByRule);
    }

    /// <returns>Whether the packet may reach the end of the chain.</returns>
    private bool ComesOut(string name, int depth) =>
        _visited.TryGetValue(name, out var comesOut) ? comesOut : _visited[name] = Follow(name, depth);

    private bool Follow(string name, int depth)
    {
        if (depth > MaximumDepth)
        {
            Note(RuleAction.Undecided, byRule: true);
            return false;
        }

        var mayReturn = false;
        foreach (var effect in chain(name))
        {
            // A rule that drops only some packets (a ban list, a rate limit) does not block the port.
            if (effect.Match == Match.No || effect is { Match: Match.Maybe, Action: RuleAction.Drop })
                continue;

            var comesOut = false;
            if (effect.Action is RuleAction.Jump or RuleAction.Goto)
                comesOut = ComesOut(effect.Target!, depth + 1);
            else if (effect.Action == RuleAction.Return)
                mayReturn = true;
            else
                Note(effect.Action, byRule: true);

            mayReturn |= comesOut && effect.Action == RuleAction.Goto;
            var ended = effect.Action == RuleAction.Jump ? !comesOut : true;
            if (effect.Match == Match.Yes && ended)
                return mayReturn;
        }

        return true;
    }

    private void Note(RuleAction action, bool byRule)
    {
        _accepts |= action != RuleAction.Drop;
        _drops |= action != RuleAction.Accept;
        _droppedByRule |= byRule && action != RuleAction.Accept;
    }
}
