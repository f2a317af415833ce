using SmmDashboard.Agents;
using SmmDashboard.Groups;

namespace SmmDashboard.Admin.Machines;

/// <summary>One change of a condition.</summary>
/// <param name="At">When the report with the change came.</param>
/// <param name="Before">The condition before; null for a new one.</param>
/// <param name="After">The condition after; null for one that is no longer reported.</param>
public sealed record Transition(DateTimeOffset At, ConditionState? Before, ConditionState? After);

/// <summary>A machine as the dashboard shows it. It never changes: a new state is a new instance.</summary>
public sealed record MachineEntry(ObservedMachine Machine, MachineVerdict Verdict, long Version)
{
    /// <summary>The maximum number of transitions per machine. The newest are kept.</summary>
    public const int MaximumTransitions = 20;

    /// <summary>The transitions since the dashboard was started, the newest last.</summary>
    public IReadOnlyList<Transition> History { get; init; } = [];

    public MachineKey Key => MachineKey.From(Machine);

    /// <summary>Whether the state cannot have changed without a new report.</summary>
    public bool IsCurrent(DateTimeOffset now) =>
        Machine.IsDetached
        || Machine.Instances.Seen.Count < 2 && now - Machine.LastSeen >= MachineVerdict.Silence == (Verdict.State == MachineState.Silent);

    /// <summary>The next entry after a report or after a change of the state.</summary>
    public MachineEntry Next(ObservedMachine machine, MachineVerdict verdict, long version)
    {
        var changes = ReferenceEquals(machine, Machine) ? [] : Compare(Machine, machine).ToList();
        return new MachineEntry(machine, verdict, version)
        {
            History = changes.Count == 0 ? History : [.. History.Concat(changes).TakeLast(MaximumTransitions)],
        };
    }

    // The last report of a detached machine has one condition. The others have not changed, they are no longer observed.
    private static IEnumerable<Transition> Compare(ObservedMachine before, ObservedMachine after)
    {
        foreach (var condition in after.Conditions)
        {
            var old = before.Conditions.FirstOrDefault(one => one.Type == condition.Type);
            if (old is not null && old != condition)
                yield return new(after.LastSeen, old, condition);
            else if (old is null && before.Conditions.Count > 0 && !before.IsDetached)
                yield return new(after.LastSeen, null, condition);
        }

        if (after.IsDetached)
            yield break;

        foreach (var gone in before.Conditions.Where(one => after.Conditions.All(condition => condition.Type != one.Type)))
            yield return new(after.LastSeen, gone, null);
    }
}

/// <summary>The position of a machine in the list: by namespace, WorkloadGroup, name and uuid.</summary>
public readonly record struct MachineKey(GroupId Group, string Name, string Id) : IComparable<MachineKey>
{
    public static MachineKey From(ObservedMachine machine) => new(machine.Group, machine.Name, machine.Id);

    public int CompareTo(MachineKey other)
    {
        var order = string.CompareOrdinal(Group.Namespace, other.Group.Namespace);
        if (order == 0)
            order = string.CompareOrdinal(Group.Name, other.Group.Name);
        if (order == 0)
            order = string.CompareOrdinal(Name, other.Name);
        return order == 0 ? string.CompareOrdinal(Id, other.Id) : order;
    }

    public static bool operator <(MachineKey left, MachineKey right) => left.CompareTo(right) < 0;

    public static bool operator <=(MachineKey left, MachineKey right) => left.CompareTo(right) <= 0;

    public static bool operator >(MachineKey left, MachineKey right) => left.CompareTo(right) > 0;

    public static bool operator >=(MachineKey left, MachineKey right) => left.CompareTo(right) >= 0;
}
