using System.Text.Json.Serialization;
using SmmAgent.Contract;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Admin.Mesh;

namespace SmmDashboard.Admin.Api;

/// <summary>Answer of <c>GET /v1/machines</c>.</summary>
/// <param name="Items">The machines of the page.</param>
/// <param name="Total">The number of machines on all pages.</param>
/// <param name="Counts">The number of machines by state, whichever state is selected.</param>
/// <param name="Continue">The token of the next page; null on the last page.</param>
public sealed record MachineListAnswer(
    IReadOnlyList<MachineItem> Items, int Total, IReadOnlyDictionary<MachineState, int> Counts, string? Continue);

/// <summary>A machine in a list.</summary>
public record MachineItem
{
    public required string Namespace { get; init; }

    /// <summary>The name of the WorkloadGroup.</summary>
    public required string Group { get; init; }

    public required string Uuid { get; init; }

    public required string Name { get; init; }

    public string? Address { get; init; }

    public required MachineState State { get; init; }

    /// <summary>The condition that explains the state; empty when there is none.</summary>
    public required string Condition { get; init; }

    public required string Reason { get; init; }

    public required string AgentVersion { get; init; }

    public string? SidecarVersion { get; init; }

    public required DateTimeOffset LastSeen { get; init; }
}

/// <summary>Answer of <c>GET /v1/machines/NAMESPACE/GROUP/UUID</c>.</summary>
public sealed record MachineAnswer : MachineItem
{
    public string OperatingSystem { get; init; } = "";

    public IReadOnlyList<string> InterfaceAddresses { get; init; } = [];

    public string? WorkloadEntry { get; init; }

    /// <summary>The replica of the dashboard that received the last report.</summary>
    public string? ConnectedTo { get; init; }

    public IReadOnlyList<MachineConditionItem> Conditions { get; init; } = [];

    /// <summary>The ports that the cluster must reach.</summary>
    public IReadOnlyList<MachinePortItem> Ports { get; init; } = [];

    /// <summary>When this replica dialled the ports; null when it has not.</summary>
    public DateTimeOffset? DialledAt { get; init; }

    /// <summary>The gateways that the machine must reach.</summary>
    public IReadOnlyList<MeshExpansionGateway> Gateways { get; init; } = [];

    public IReadOnlyList<TransitionItem> History { get; init; } = [];

    /// <summary>Whether a condition should hold. A VM whose sidecar the agent does not manage need not be registered.</summary>
    public bool IsExpected(MachineConditionItem condition) =>
        AttachmentRule.IsExpected(condition.Type, Conditions, other => (other.Type, other.Status, other.Reason));
}

/// <summary>A condition with its fix.</summary>
/// <param name="Fix">What to do, by docs/conditions.md; null for a condition that holds and for an unknown reason.</param>
public sealed record MachineConditionItem(
    string Type, string Status, string Reason, string Message, DateTimeOffset LastTransitionTime, string? Fix);

/// <summary>A port of a machine and the result of the last dial-back.</summary>
/// <param name="Reachable">Null when this replica has not dialled the port.</param>
public sealed record MachinePortItem(string Name, int Port, bool? Reachable, int? LatencyMs, string? Error);

/// <summary>A change of a condition. A null member is a condition that was not reported.</summary>
public sealed record TransitionItem(
    DateTimeOffset At, string Type, string? FromStatus, string? FromReason, string? ToStatus, string? ToReason);

/// <summary>Answer of <c>GET /v1/groups</c>.</summary>
public sealed record GroupListAnswer(IReadOnlyList<GroupItem> Items);

/// <summary>A WorkloadGroup and the number of its machines by state.</summary>
public record GroupItem
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public required string ServiceAccount { get; init; }

    /// <summary>Why no configuration is served; null when one is.</summary>
    public string? Fault { get; init; }

    public required IReadOnlyDictionary<MachineState, int> Counts { get; init; }
}

/// <summary>Answer of <c>GET /v1/groups/NAMESPACE/NAME</c>.</summary>
public sealed record GroupAnswer : GroupItem
{
    public string Network { get; init; } = "";

    public IReadOnlyDictionary<string, int> Ports { get; init; } = new Dictionary<string, int>();

    public string Revision { get; init; } = "";

    public IReadOnlyList<MeshExpansionGateway> Gateways { get; init; } = [];

    /// <summary>Why the last good configuration is served instead of the current one.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>The commands that add a VM.</summary>
    public IReadOnlyList<GroupCommand> AddMachine { get; init; } = [];
}

/// <summary>A command to copy.</summary>
/// <param name="Where">The host to run it on.</param>
/// <param name="Command">The command.</param>
public sealed record GroupCommand(string Where, string Command);

/// <summary>Answer of <c>GET /v1/mesh</c>.</summary>
public sealed record MeshAnswer(string PublicUrl, IReadOnlyList<ControlPlaneView> ControlPlanes, IReadOnlyList<MeshFaultItem> Faults);

/// <summary>A fault of the configuration.</summary>
public sealed record MeshFaultItem(string Source, string Message);

/// <summary>The event <c>removed</c> of the event stream.</summary>
public sealed record RemovedEvent(string Namespace, string Group, string Uuid);

/// <summary>The events <c>ready</c>, <c>reset</c> and <c>mesh</c> of the event stream.</summary>
public sealed record VersionEvent(long Version);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(WholeSecondsJsonConverter)])]
[JsonSerializable(typeof(MachineListAnswer))]
[JsonSerializable(typeof(MachineAnswer))]
[JsonSerializable(typeof(GroupListAnswer))]
[JsonSerializable(typeof(GroupAnswer))]
[JsonSerializable(typeof(MeshAnswer))]
[JsonSerializable(typeof(RemovedEvent))]
[JsonSerializable(typeof(VersionEvent))]
public sealed partial class AdminJson : JsonSerializerContext;
