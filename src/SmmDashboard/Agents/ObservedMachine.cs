using System.Net;
using SmmDashboard.Groups;

namespace SmmDashboard.Agents;

/// <summary>The part of a machine's last report that a list of machines shows. It never changes: a new report is a new instance.</summary>
public sealed record ObservedMachine
{
    public required GroupId Group { get; init; }

    /// <summary>The uuid of the agent.</summary>
    public required string Id { get; init; }

    /// <summary>The name of the host as the agent reports it; may be empty.</summary>
    public string Host { get; init; } = "";

    public IPAddress? Address { get; init; }

    public string AgentVersion { get; init; } = "";

    public string? SidecarVersion { get; init; }

    /// <summary>When the last report came; without one, when the machine was first known.</summary>
    public DateTimeOffset LastSeen { get; init; }

    public IReadOnlyList<ConditionState> Conditions { get; init; } = [];

    /// <summary>Whether the last report says that the agent was detached.</summary>
    public bool IsDetached { get; init; }

    /// <summary>The hosts that report under the identity.</summary>
    public AgentInstances Instances { get; init; } = AgentInstances.None;

    /// <summary>The host's name, or the uuid for a host without one.</summary>
    public string Name => Host.Length > 0 ? Host : Id;
}
