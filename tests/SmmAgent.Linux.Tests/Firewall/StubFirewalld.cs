using System.Net;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Linux.Tests.Firewall;

/// <summary>A firewalld of a test; by default it does not run.</summary>
public sealed class StubFirewalld : IFirewalld
{
    public Func<FirewalldObservation> Observe { get; init; } = () => new FirewalldObservation.NotRunning();

    public Action<string, IReadOnlyList<int>> SetPorts { get; init; } = (_, _) => { };

    /// <summary>The observation for a removal; null for that of <see cref="Observe"/>.</summary>
    public Func<FirewalldObservation>? ObserveOwnRules { get; init; }

    public Task<FirewalldObservation> ObserveAsync(CancellationToken cancel) => Task.FromResult(Observe());

    public Task<FirewalldObservation> ObserveOwnRulesAsync(CancellationToken cancel) => Task.FromResult((ObserveOwnRules ?? Observe)());

    public Task<IReadOnlyList<string>> SetPortsAsync(
        string zone, IReadOnlyList<int> ports, IReadOnlyList<IPNetwork> sources, CancellationToken cancel)
    {
        SetPorts(zone, ports);
        return Task.FromResult<IReadOnlyList<string>>([]);
    }
}
