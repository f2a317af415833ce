using SmmAgent.Contract;
using SmmDashboard.Groups;

namespace SmmDashboard.Tokens;

/// <summary>Creates the tokens that sidecars register with.</summary>
public interface ISidecarTokens
{
    /// <summary>Creates a token of the group's service account for the audience of its control plane.</summary>
    /// <exception cref="Http.UnavailableException">No token can be created now; the message has the reason.</exception>
    ValueTask<TokenResponse> MakeAsync(GroupEntry group, CancellationToken cancellationToken);
}
