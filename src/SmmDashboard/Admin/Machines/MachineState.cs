using System.Text.Json.Serialization;
using SmmAgent.Contract;
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

    /// <summary>No traffic passes between the mesh and the machine.</summary>
    NotAttached,

    /// <summary>The first observations after a start are not complete.</summary>
    Starting,

    /// <summary>The agent has stopped reporting.</summary>
    Silent,

    /// <summary><c>smm-agent detach</c> or a rollback removed the machine from the mesh. It is forgotten after a day.</summary>
    Detached,

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

    /// <summary>Evaluates the conditions by the rule of the contract, and what only the dashboard knows.</summary>
    public static MachineVerdict Evaluate(ObservedMachine machine, DateTimeOffset now)
    {
        if (machine.IsDetached)
            return new(MachineState.Detached, "", Attachment.Detached);
        if (now - machine.LastSeen >= Silence)
            return new(MachineState.Silent, "AgentConnected", "Silent");

        var (state, decisive) = AttachmentRule.Evaluate(
            machine.Conditions, condition => (condition.Type, condition.Status, condition.Reason));
        return state switch
        {
            AttachmentState.Unknown => new(MachineState.Unknown, "", "NoConditions"),
            AttachmentState.NotAttached or AttachmentState.NotConfigured => Explain(MachineState.NotAttached, decisive!),
            // Only the dashboard sees both hosts.
            _ when machine.Instances.Duplicates(now).Count > 0 => new(MachineState.Degraded, "Registered", "DuplicateIdentity"),
            AttachmentState.Attached => new(MachineState.Attached, "", "Attached"),
            AttachmentState.Starting => Explain(MachineState.Starting, decisive!),
            _ => Explain(MachineState.Degraded, decisive!),
        };
    }

    private static MachineVerdict Explain(MachineState state, ConditionState decisive) => new(state, decisive.Type, decisive.Reason);
}
