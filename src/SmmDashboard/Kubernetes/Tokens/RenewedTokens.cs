using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Http;
using SmmDashboard.Tokens;
using k8s.Models;

namespace SmmDashboard.Kubernetes.Tokens;

/// <summary>
/// Renews tokens that are bound to a Secret. One that is not could never be taken from its holder again, and is not renewed.
/// </summary>
public sealed class RenewedTokens(TokenRequester requester, TokenOptions options) : IAgentTokens
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    public async ValueTask<(TokenResponse? Token, ApiProblem? Problem)> RenewAsync(TokenOwner? owner, CancellationToken cancellationToken)
    {
        if (owner is not { SecretName: { } secret })
        {
            return (null, ApiProblem.TokenNotRenewable(
                "the token is bound to no Secret, so it could not be revoked, and is not renewed; "
                + ReviewAnswer.Command(owner?.Account ?? new("NAMESPACE", "SERVICEACCOUNT"), options.Audience)));
        }

        var bound = new V1BoundObjectReference { ApiVersion = "v1", Kind = "Secret", Name = secret, Uid = owner.SecretUid };
        var made = await requester.RequestAsync(owner.Account, options.Audience, Lifetime, bound, cancellationToken);

        // A review may be some minutes old: the account may be another one by now, which this token is not of.
        return made is not null && IsOf(owner, made) ? (made, null)
            : (null, ApiProblem.TokenRefused(ProblemReasons.TokenRevoked,
                $"the Secret {owner.Account.Namespace}/{secret} or the service account of the token was deleted; "
                    + $"{ReviewAnswer.Command(owner.Account, options.Audience)}"));
    }

    private static bool IsOf(TokenOwner owner, TokenResponse made) =>
        BoundToken.Owner(owner.Account, owner.AccountUid, new PresentedToken(made.Token)).SecretName == owner.SecretName;
}
