using SmmDashboard.Access;
using SmmDashboard.Http;

namespace SmmDashboard.Admin.Viewers;

/// <summary>Decides who may read which machines.</summary>
public interface IViewers
{
    /// <summary>Whether a token is required.</summary>
    bool RequireToken { get; }

    /// <summary>
    /// Whether the token can be judged from memory, or was accepted not long ago. Any other token costs a call of another server and is
    /// counted.
    /// </summary>
    bool IsKnown(PresentedToken token);

    /// <returns>The viewer, or the problem to respond with.</returns>
    /// <exception cref="UnavailableException">The token cannot be judged now.</exception>
    ValueTask<(Viewer? Viewer, ApiProblem? Problem)> AdmitAsync(PresentedToken? token, CancellationToken cancellationToken);
}

/// <summary>The viewers of a loopback address: every process of the host may read everything.</summary>
public sealed class LocalViewers : IViewers
{
    public bool RequireToken => false;

    public bool IsKnown(PresentedToken token) => true;

    public ValueTask<(Viewer? Viewer, ApiProblem? Problem)> AdmitAsync(PresentedToken? token, CancellationToken cancellationToken) =>
        ValueTask.FromResult<(Viewer?, ApiProblem?)>((Viewer.Everything, null));
}
