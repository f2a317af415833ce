using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Tokens;
using k8s;
using k8s.Models;

namespace SmmDashboard.Kubernetes.Viewers;

/// <summary>The user of a token, by a TokenReview.</summary>
internal sealed record ReviewedUser(string Name, string? Uid, IList<string> Groups, IDictionary<string, IList<string>>? Extra);

/// <summary>Asks the API server who has a token and what the user may read, a limited number of calls at a time.</summary>
internal sealed class ViewerReviews(KubernetesApi api, TokenOptions options) : IDisposable
{
    public static readonly (string Group, string Resource) Machines = ("smm-agent.io", "attachedmachines");
    public static readonly (string Group, string Resource) Groups = ("networking.istio.io", "workloadgroups");

    // Reviews of viewers must not delay those of VMs.
    private const int AtOnce = 8;

    private readonly SemaphoreSlim _slots = new(AtOnce);

    /// <summary>
    /// Reviews the token for this dashboard, else for the API server: people who sign in with an identity provider have only the latter.
    /// </summary>
    /// <returns>The user, or the reason why the token is refused.</returns>
    /// <exception cref="ApiException">The token could not be reviewed.</exception>
    public async Task<(ReviewedUser? User, string Refusal)> ReviewAsync(PresentedToken token, CancellationToken cancellationToken)
    {
        var status = await AskAsync(token, [options.Audience], cancellationToken);
        // An authenticator that does not know audiences leaves them out: then the token is the API server's.
        var isForDashboard = status is { Authenticated: true } && status.Audiences?.Contains(options.Audience) is true;
        if (!isForDashboard)
            status = await AskAsync(token, null, cancellationToken);
        return status is { Authenticated: true, User: { Username.Length: > 0 } user }
            ? (new ReviewedUser(user.Username, user.Uid, user.Groups ?? [], user.Extra), "")
            : (null, OneLine.From(status?.Error is { Length: > 0 } error ? error : "the token is not valid", 160));
    }

    /// <returns>The namespaces in which the user may get the resource; null when it may everywhere.</returns>
    /// <exception cref="ApiException">The rights could not be reviewed.</exception>
    public async Task<IReadOnlySet<string>?> NamespacesAsync(
        ReviewedUser user, (string Group, string Resource) resource, IReadOnlySet<string> namespaces, CancellationToken cancellationToken)
    {
        if (await MayGetAsync(user, resource, null, cancellationToken))
            return null;

        var answers = await Task.WhenAll(namespaces.Select(async space =>
            (Space: space, IsAllowed: await MayGetAsync(user, resource, space, cancellationToken))));
        return answers.Where(answer => answer.IsAllowed).Select(answer => answer.Space).ToHashSet(StringComparer.Ordinal);
    }

    public void Dispose() => _slots.Dispose();

    private async Task<bool> MayGetAsync(
        ReviewedUser user, (string Group, string Resource) resource, string? @namespace, CancellationToken cancellationToken)
    {
        var review = new V1SubjectAccessReview
        {
            Spec = new V1SubjectAccessReviewSpec
            {
                User = user.Name, Uid = user.Uid, Groups = user.Groups, Extra = user.Extra,
                ResourceAttributes = new V1ResourceAttributes
                {
                    Verb = "get", Group = resource.Group, Resource = resource.Resource, NamespaceProperty = @namespace,
                },
            },
        };
        return await CallAsync(
            "create subjectaccessreviews.authorization.k8s.io",
            async (client, stop) =>
                (await client.AuthorizationV1.CreateSubjectAccessReviewAsync(review, cancellationToken: stop)).Status.Allowed,
            cancellationToken);
    }

    private Task<V1TokenReviewStatus?> AskAsync(PresentedToken token, string[]? audiences, CancellationToken cancellationToken)
    {
        var review = new V1TokenReview { Spec = new V1TokenReviewSpec { Token = token.Reveal(), Audiences = audiences } };
        return CallAsync(
            "create tokenreviews.authentication.k8s.io",
            async (client, stop) =>
                (V1TokenReviewStatus?)(await client.AuthenticationV1.CreateTokenReviewAsync(review, cancellationToken: stop)).Status,
            cancellationToken);
    }

    private async Task<T> CallAsync<T>(
        string call, Func<IKubernetes, CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        try
        {
            return await api.CallAsync(call, send, cancellationToken);
        }
        finally
        {
            _slots.Release();
        }
    }
}
