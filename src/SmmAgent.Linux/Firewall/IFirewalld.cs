using System.Net;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Linux.Firewall;

/// <summary>firewalld, as the reconciler of the firewall uses it.</summary>
public interface IFirewalld
{
    /// <summary>Reads the ports that firewalld lets in now and after the next reload.</summary>
    Task<FirewalldObservation> ObserveAsync(CancellationToken cancel);

    /// <summary>
    /// Reads only the agent's own rules, which suffices to remove them: a service that cannot be resolved does not matter.
    /// </summary>
    /// <returns>
    /// The zones without their traffic and open ports. A zone that firewalld cannot show is left out, and the state has the reason.
    /// </returns>
    Task<FirewalldObservation> ObserveOwnRulesAsync(CancellationToken cancel);

    /// <summary>
    /// Makes the agent's rules in a zone open exactly these TCP ports, now and permanently: opens what is missing, then closes what is no
    /// longer wanted.
    /// </summary>
    /// <param name="ports">All wanted ports; an empty list closes all that the agent opened.</param>
    /// <param name="sources">The networks that may connect; empty means any.</param>
    /// <returns>The changes, one line each.</returns>
    /// <exception cref="IOException">firewalld does not run, or refused; the message is one line.</exception>
    Task<IReadOnlyList<string>> SetPortsAsync(
        string zone, IReadOnlyList<int> ports, IReadOnlyList<IPNetwork> sources, CancellationToken cancel);
}
