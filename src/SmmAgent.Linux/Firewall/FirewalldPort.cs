using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Linux.Firewall;

/// <summary>What the firewall needs of firewalld.</summary>
/// <param name="ObserveAsync">What firewalld lets in.</param>
/// <param name="OpenAsync">
/// Makes what is the agent's in a zone exactly these ports, open to these sources (none: to any), now and permanently. Throws an <see cref="IOException"/> with one line when firewalld refuses.
/// </param>
/// <param name="WithdrawAsync">Removes all that is the agent's, and returns it, one line each.</param>
public sealed record FirewalldPort(
    Func<CancellationToken, Task<FirewalldObservation>> ObserveAsync,
    Func<string, IReadOnlyList<int>, IReadOnlyList<string>, CancellationToken, Task> OpenAsync,
    Func<CancellationToken, Task<IReadOnlyList<string>>> WithdrawAsync)
{
    /// <summary>A host without firewalld.</summary>
    public static FirewalldPort None { get; } = new(
        _ => Task.FromResult<FirewalldObservation>(new FirewalldObservation.NotRunning()),
        (_, _, _, _) => Task.CompletedTask,
        _ => Task.FromResult<IReadOnlyList<string>>([]));
}
