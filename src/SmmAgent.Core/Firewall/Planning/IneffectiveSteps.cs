using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>Steps that succeeded without a visible effect: the agent would repeat them without end.</summary>
public sealed class IneffectiveSteps
{
    /// <summary>The number of attempts of the same step.</summary>
    public const int MaximumAttempts = 2;

    /// <summary>The pause until the next attempt: the cause may be gone without a trace.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, (int Times, TimeSpan Last)> _attempts = [];

    /// <summary>Whether the step was done twice and is still planned.</summary>
    public bool IsSuspended(PlanStep step, TimeSpan now) =>
        _attempts.TryGetValue($"{step}", out var attempts) && attempts.Times >= MaximumAttempts && now - attempts.Last < Pause;

    /// <summary>Records the steps that a reconcile did, and those that remain after it.</summary>
    public void Record(IEnumerable<PlanStep> done, Plan remaining, TimeSpan now)
    {
        var due = remaining.Steps.Select(step => $"{step}").ToHashSet();
        foreach (var over in _attempts.Keys.Where(step => !due.Contains(step)).ToList())
            _attempts.Remove(over);
        foreach (var step in done.Select(step => $"{step}").Where(due.Contains))
            _attempts[step] = (_attempts.GetValueOrDefault(step).Times + 1, now);
    }
}
