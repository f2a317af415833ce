using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Http;
using SmmDashboard.Tokens;

namespace SmmDashboard.Embedded.Tokens;

/// <summary>Refuses to renew tokens that are known by their hashes. Only the administrator can add another token.</summary>
public sealed class NonRenewableTokens : IAgentTokens
{
    public ValueTask<(TokenResponse? Token, ApiProblem? Problem)> RenewAsync(TokenOwner? owner, CancellationToken cancellationToken)
    {
        var problem = ApiProblem.NotSupported("this dashboard identifies tokens by SHA-256 in its mesh.yaml, so it cannot renew them");
        return ValueTask.FromResult(((TokenResponse?)null, (ApiProblem?)problem));
    }
}
