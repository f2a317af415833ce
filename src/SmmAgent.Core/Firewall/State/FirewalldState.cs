using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.State;

/// <summary>One zone of firewalld.</summary>
/// <param name="Name">The zone's name, for example <c>public</c>.</param>
/// <param name="ReceivesTraffic">Whether an interface or a source is bound to it, or it is the default zone.</param>
/// <param name="OpenNow">Effective TCP ports open in the runtime configuration, services and ranges counted.</param>
/// <param name="OpenPermanently">Effective TCP ports open in the permanent configuration.</param>
public sealed record FirewalldZone(string Name, bool ReceivesTraffic, IReadOnlySet<int> OpenNow, IReadOnlySet<int> OpenPermanently)
{
    /// <summary>The openings of the agent's rules in either configuration.</summary>
    public IReadOnlySet<PortOpening> OwnRules { get; init; } = new HashSet<PortOpening>();
}

/// <summary>The ports that firewalld lets in.</summary>
public sealed record FirewalldState(IReadOnlyList<FirewalldZone> Zones)
{
    /// <summary>The reason why the agent's rules of some zones are missing here; null when all zones were read.</summary>
    public string? IncompleteReason { get; init; }
}

/// <summary>The observation of firewalld.</summary>
public abstract record FirewalldObservation
{
    private FirewalldObservation()
    {
    }

    public sealed record NotRunning : FirewalldObservation;

    public sealed record Seen(FirewalldState State) : FirewalldObservation;

    /// <param name="Reason">The reason why it is unknown, in one line.</param>
    public sealed record NotSeen(string Reason) : FirewalldObservation;
}
