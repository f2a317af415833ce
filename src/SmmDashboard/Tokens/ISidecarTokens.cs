using SmmAgent.Contract;

namespace SmmDashboard.Tokens;

/// <summary>Makes the tokens that sidecars register with.</summary>
public interface ISidecarTokens
{
    /// <exception cref="Http.UnavailableException">No token can be made now; the message says why.</exception>
    ValueTask<TokenResponse> MakeAsync(ServiceAccount account, CancellationToken cancellationToken);
}
