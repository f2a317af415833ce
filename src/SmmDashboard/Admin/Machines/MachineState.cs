using System.Text.Json.Serialization;
using SmmDashboard.Agents;

namespace SmmDashboard.Admin.Machines;

/// <summary>The state of a machine in one word.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MachineState>))]
public enum MachineState
{
    /// <summary>The machine is a working member of the mesh.</summary>
    Attached,

    /// <summary>The machine is attached, but a condition does not hold or a part is missing.</summary>
    Degraded,

    /// <summary>A step on the way into the mesh is missing.</summary>
    NotAttached,

    /// <summary>The agent has stopped reporting.</summary>
    Silent,

    /// <summary>The agent has not reported a condition yet.</summary>
    Unknown,
}

/// <summary>The state of a machine and the condition that explains it.</summary>
/// <param name="State">The state.</param>
/// <param name="Condition">The type of the condition; empty when there is none.</param>
/// <param name="Reason">The reason of the condition.</param>
public readonly record struct MachineVerdict(MachineState State, string Condition, string Reason)
{
    /// <summary>The silence after which a machine counts as silent. Agents report every five minutes.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMinutes(15);

    public static MachineVerdict Evaluate(ObservedMachine machine, DateTimeOffset now)
    {
        if (now - machine.LastSeen >= Silence)
            return new(MachineState.Silent, "AgentConnected", "Silent");

        var missing = Attachment.FindMissing(machine.Conditions, out var isKnown);
        if (!isKnown)
            return new(MachineState.Unknown, "", "NoConditions");
        if (missing is not null)
            return new(MachineState.NotAttached, missing.Type, missing.Reason);
        if (machine.Instances.Duplicates(now).Count > 0)
            return new(MachineState.Degraded, "Registered", "DuplicateIdentity");

        var relevant = Attachment.Relevant(machine.Conditions);
        var bad = relevant.FirstOrDefault(condition => condition.Status == "False")
            ?? relevant.FirstOrDefault(condition => condition.IsBad);
        return bad is not null
            ? new(MachineState.Degraded, bad.Type, bad.Reason)
            : new(MachineState.Attached, "", "Attached");
    }
}
