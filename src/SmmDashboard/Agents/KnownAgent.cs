using System.Net;
using System.Security.Cryptography;

namespace SmmDashboard.Agents;

/// <summary>The state that the dashboard keeps of an agent: its key, and the data of its last report that other calls need.</summary>
public sealed record KnownAgent(byte[] KeySha256, IPAddress? Address, DateTimeOffset SeenAt)
{
    /// <summary>The hosts that reported under this identity; usually one.</summary>
    public AgentInstances Instances { get; init; } = AgentInstances.None;

    /// <summary>Whether the agent was reached at its address, or its sidecar was registered.</summary>
    public bool IsProven { get; init; }

    /// <summary>Whether the last report says that the agent was detached.</summary>
    public bool IsDetached { get; init; }

    /// <summary>The last report and its summary; null unless the dashboard shows its machines.</summary>
    public KeptReport? Report { get; init; }

    /// <summary>Replaces the hosts, also in the summary of the report.</summary>
    public KnownAgent WithInstances(AgentInstances instances) => this with
    {
        Instances = instances,
        Report = Report is { } kept ? kept with { Summary = kept.Summary with { Instances = instances } } : null,
    };

    public bool HasKey(PresentedAgent identity) => CryptographicOperations.FixedTimeEquals(KeySha256, identity.KeySha256);
}
