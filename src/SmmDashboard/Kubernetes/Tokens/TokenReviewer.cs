using SmmDashboard.Access;
using SmmDashboard.Kubernetes.Api;
using k8s;
using k8s.Models;

namespace SmmDashboard.Kubernetes.Tokens;

/// <summary>Has tokens reviewed by the API server, a limited number at a time.</summary>
internal sealed class TokenReviewer(KubernetesApi api, TokenOptions options) : IDisposable
{
    public const string Call = "create tokenreviews.authentication.k8s.io";

    // Of each kind: a client that presents forged tokens must not block the review of tokens that were valid before.
    private const int AtOnce = 10;

    private readonly SemaphoreSlim _known = new(AtOnce);
    private readonly SemaphoreSlim _unknown = new(AtOnce);

    /// <param name="token">The token.</param>
    /// <param name="wasValid">Whether it was valid a short time ago.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ApiException">The token could not be reviewed.</exception>
    public async Task<ReviewedToken> ReviewAsync(PresentedToken token, bool wasValid, CancellationToken cancellationToken)
    {
        var slots = wasValid ? _known : _unknown;
        await slots.WaitAsync(cancellationToken);
        try
        {
            var status = await AskAsync(token, [options.Audience], cancellationToken);
            if (ReviewAnswer.Accepted(status, token, options.Audience) is { } accepted)
                return accepted;

            return options.AcceptApiServerTokens
                && ReviewAnswer.Accepted(await AskAsync(token, null, cancellationToken), token, null) is { } other
                    ? other
                    : ReviewAnswer.Refused(status, token, options.Audience);
        }
        finally
        {
            slots.Release();
        }
    }

    public void Dispose()
    {
        _known.Dispose();
        _unknown.Dispose();
    }

    private async Task<V1TokenReviewStatus?> AskAsync(PresentedToken token, string[]? audiences, CancellationToken cancellationToken)
    {
        var review = new V1TokenReview { Spec = new V1TokenReviewSpec { Token = token.Reveal(), Audiences = audiences } };
        return (await api.CallAsync(
            Call, (client, stop) => client.AuthenticationV1.CreateTokenReviewAsync(review, cancellationToken: stop),
            cancellationToken)).Status;
    }
}
