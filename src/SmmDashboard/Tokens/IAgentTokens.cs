using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Http;

namespace SmmDashboard.Tokens;

/// <summary>Renews the bearer tokens of agents.</summary>
public interface IAgentTokens
{
    /// <summary>Makes another token of the same service account, which lives as long as the same Secret.</summary>
    /// <param name="owner">Of the token that was presented; null when it is no service account's.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The token, or the problem to answer with.</returns>
    /// <exception cref="UnavailableException">No token can be made now.</exception>
    ValueTask<(TokenResponse? Token, ApiProblem? Problem)> RenewAsync(TokenOwner? owner, CancellationToken cancellationToken);
}
