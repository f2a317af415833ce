using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Http;

namespace SmmDashboard.Tokens;

/// <summary>Renews the bearer tokens of agents.</summary>
public interface IAgentTokens
{
    /// <summary>Creates another token of the same service account, bound to the same Secret.</summary>
    /// <param name="owner">The owner of the presented token; null when it does not belong to a service account.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The token, or the problem to respond with.</returns>
    /// <exception cref="UnavailableException">No token can be created now.</exception>
    ValueTask<(TokenResponse? Token, ApiProblem? Problem)> RenewAsync(TokenOwner? owner, CancellationToken cancellationToken);
}
