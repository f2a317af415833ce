using SmmAgent.Contract;
using SmmDashboard.Groups;

namespace SmmDashboard.Tokens;

/// <summary>Makes the tokens that sidecars register with.</summary>
public interface ISidecarTokens
{
    /// <summary>Makes a token of the group's service account, for the audience of its control plane.</summary>
    /// <exception cref="Http.UnavailableException">No token can be made now; the message says why.</exception>
    ValueTask<TokenResponse> MakeAsync(GroupEntry group, CancellationToken cancellationToken);
}
