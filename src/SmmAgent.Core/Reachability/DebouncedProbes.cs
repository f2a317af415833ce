namespace SmmAgent.Core.Reachability;

/// <summary>The debounced results of all probes, by target.</summary>
public sealed class DebouncedProbes
{
    private Dictionary<(string Name, string Address, int Port), Debounced<ProbeResult>> _results = [];

    /// <summary>Whether an observation deviates and should be confirmed soon.</summary>
    public bool Unsettled => _results.Values.Any(result => result.Pending is not null);

    /// <summary>Adds the results of one round. Targets that are not part of the round are forgotten.</summary>
    /// <returns>The current results, in the order of the round.</returns>
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
        return next.Values.ToArray();
    }

    private static bool IsOk(ProbeResult result) => result.Outcome == Outcome.Ok;
}
