using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Http;
using SmmDashboard.Tokens;

namespace SmmDashboard.Tests.Running;

/// <summary>Renews every token, or reports that renewal is unavailable.</summary>
public sealed class TestAgentTokens(bool isAvailable = true) : IAgentTokens
{
    public static readonly TokenResponse Renewed = new("renewed.token.signature", DateTimeOffset.UnixEpoch.AddYears(60));

    public ValueTask<(TokenResponse? Token, ApiProblem? Problem)> RenewAsync(TokenOwner? owner, CancellationToken cancellationToken) =>
        isAvailable ? ValueTask.FromResult(((TokenResponse?)Renewed, (ApiProblem?)null))
            : throw new UnavailableException("not now", TimeSpan.FromSeconds(5));
}
