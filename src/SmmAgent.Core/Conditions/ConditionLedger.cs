using SmmAgent.Contract;

namespace SmmAgent.Core.Conditions;

/// <summary>A change of a condition's status or reason.</summary>
/// <param name="Before">The previous condition; null at the first evaluation.</param>
public sealed record ConditionChange(Condition? Before, Condition Now);

/// <summary>Keeps when each condition last changed. One writer; readers take <see cref="Current"/>.</summary>
public sealed class ConditionLedger
{
    private volatile IReadOnlyList<Condition> _current = [];

    /// <summary>Every condition, in the order of <see cref="ConditionType.All"/>; empty before the first update.</summary>
    public IReadOnlyList<Condition> Current => _current;

    /// <summary>Takes the present updates. A condition without one is <see cref="ConditionUpdate.NotObserved"/>.</summary>
    /// <returns>The changes of status or reason: a new message alone (an age, a latency) is not a change.</returns>
    public IReadOnlyList<ConditionChange> Update(IEnumerable<ConditionUpdate> findings, DateTimeOffset now)
    {
        var byType = findings.ToDictionary(finding => finding.Type);
        if (byType.Keys.Except(ConditionType.All).FirstOrDefault() is { } stranger)
            throw new ArgumentException($"{stranger} is not in ConditionType.All", nameof(findings));

        var before = _current.ToDictionary(condition => condition.Type);
        var changes = new List<ConditionChange>();
        var current = new List<Condition>();
        foreach (var type in ConditionType.All)
        {
            var old = before.GetValueOrDefault(type);
            var condition = Next(old, byType.GetValueOrDefault(type) ?? ConditionUpdate.NotObserved(type), now);
            current.Add(condition);
            if (old is null || old.Status != condition.Status || old.Reason != condition.Reason)
                changes.Add(new ConditionChange(old, condition));
        }

        _current = current;
        return changes;
    }

    private static Condition Next(Condition? old, ConditionUpdate finding, DateTimeOffset now)
    {
        var status = finding.Status.ToString();
        return new Condition
        {
            Type = finding.Type,
            Status = status,
            Reason = finding.Reason,
            Message = finding.Message,
            LastTransitionTime = old?.Status == status ? old.LastTransitionTime : now,
        };
    }
}
