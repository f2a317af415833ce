namespace SmmAgent.Core.Reachability;

/// <summary>The damped results of all probes, by what was probed.</summary>
public sealed class DebouncedProbes
{
    private Dictionary<(string Name, string Address, int Port), Debounced<ProbeResult>> _results = [];

    /// <summary>Whether some look was odd and should be confirmed soon.</summary>
    public bool Unsettled => _results.Values.Any(result => result.Pending is not null);

    /// <summary>Takes the results of one round; what was not part of it is forgotten.</summary>
    /// <returns>What is in force now, in the order of the round.</returns>
    public IReadOnlyList<Debounced<ProbeResult>> Next(IReadOnlyList<ProbeResult> round, DateTimeOffset now)
    {
        var next = new Dictionary<(string, string, int), Debounced<ProbeResult>>();
        foreach (var result in round)
        {
            var key = (result.Target.Name, result.Address, result.Target.Port);
            next[key] = _results.TryGetValue(key, out var before)
                ? before.Next(result, now, (a, b) => a.Outcome == b.Outcome, (a, b) => IsOk(a) == IsOk(b))
                : Debounced<ProbeResult>.First(result, now);
        }

        _results = next;
        return [.. next.Values];
    }

    private static bool IsOk(ProbeResult result) => result.Outcome == Outcome.Ok;
}
