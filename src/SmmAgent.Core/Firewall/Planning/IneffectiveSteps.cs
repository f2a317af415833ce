using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>Writes that succeeded and changed nothing that can be seen: done over and over, the agent would fight itself.</summary>
public sealed class IneffectiveSteps
{
    /// <summary>How often the same write is tried.</summary>
    public const int MaximumAttempts = 2;

    /// <summary>When it is tried once more: what hindered it may be gone without a trace.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, (int Times, TimeSpan Last)> _futile = [];

    /// <summary>Whether the step was done twice and is still due as it was.</summary>
    public bool IsSuspended(PlanStep step, TimeSpan now) =>
        _futile.TryGetValue($"{step}", out var futile) && futile.Times >= MaximumAttempts && now - futile.Last < Pause;

    /// <summary>Takes in what a pass did, and what is due after it.</summary>
    public void Record(IEnumerable<PlanStep> done, Plan remaining, TimeSpan now)
    {
        var due = remaining.Steps.Select(step => $"{step}").ToHashSet();
        foreach (var over in _futile.Keys.Where(step => !due.Contains(step)).ToList())
            _futile.Remove(over);
        foreach (var step in done.Select(step => $"{step}").Where(due.Contains))
            _futile[step] = (_futile.GetValueOrDefault(step).Times + 1, now);
    }
}
