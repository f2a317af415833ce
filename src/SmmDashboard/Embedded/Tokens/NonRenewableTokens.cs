using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Http;
using SmmDashboard.Tokens;

namespace SmmDashboard.Embedded.Tokens;

/// <summary>Tokens that are known by their hashes: only the administrator can add another.</summary>
public sealed class NonRenewableTokens : IAgentTokens
{
    public ValueTask<(TokenResponse? Token, ApiProblem? Problem)> RenewAsync(TokenOwner? owner, CancellationToken cancellationToken) => ValueTask.FromResult(
        ((TokenResponse?)null, (ApiProblem?)ApiProblem.NotSupported("this dashboard knows tokens by their SHA-256 in its mesh.yaml, so it cannot renew them")));
}
