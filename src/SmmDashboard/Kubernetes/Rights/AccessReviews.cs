using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Api;
using k8s;
using k8s.Models;

namespace SmmDashboard.Kubernetes.Rights;

/// <summary>
/// Asks the API server which rights an account has: its own, which every account may review, or another's, which an administrator may
/// review.
/// </summary>
/// <param name="api">The client.</param>
/// <param name="account">Null for the account that the client logs in with.</param>
public sealed class AccessReviews(KubernetesApi api, ServiceAccount? account)
{
    /// <returns>The verbs that the account lacks; empty where it has all, and for a kind that the cluster does not serve.</returns>
    /// <exception cref="ApiException">The API server does not answer, or the caller may not review another account.</exception>
    public async Task<IReadOnlyList<string>> MissingAsync(Right right, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        foreach (var verb in right.Verbs)
        {
            if (!await IsAllowedAsync(right, verb, cancellationToken))
                missing.Add(verb);
        }

        return missing.Count > 0 && await IsServedAsync(right, cancellationToken) ? missing : [];
    }

    private async Task<bool> IsAllowedAsync(Right right, string verb, CancellationToken cancellationToken)
    {
        var names = right.Resource.Split('/');
        var attributes = new V1ResourceAttributes
        {
            Verb = verb, Group = right.Group, Resource = names[0], Subresource = names.ElementAtOrDefault(1),
            NamespaceProperty = right.Namespace, Name = right.Name,
        };
        if (account is null)
        {
            var own = new V1SelfSubjectAccessReview { Spec = new() { ResourceAttributes = attributes } };
            return (await api.CallAsync(
                "create selfsubjectaccessreviews.authorization.k8s.io",
                (client, stop) => client.AuthorizationV1.CreateSelfSubjectAccessReviewAsync(own, cancellationToken: stop),
                cancellationToken)).Status.Allowed;
        }

        var other = new V1SubjectAccessReview
        {
            Spec = new()
            {
                User = account.Value.Subject,
                Groups = ["system:serviceaccounts", $"system:serviceaccounts:{account.Value.Namespace}", "system:authenticated"],
                ResourceAttributes = attributes,
            },
        };
        return (await api.CallAsync(
            "create subjectaccessreviews.authorization.k8s.io",
            (client, stop) => client.AuthorizationV1.CreateSubjectAccessReviewAsync(other, cancellationToken: stop),
            cancellationToken)).Status.Allowed;
    }

    // A right to a kind that the cluster does not serve is not needed: the kinds of the SMM operator on plain Istio, for example.
    private async Task<bool> IsServedAsync(Right right, CancellationToken cancellationToken)
    {
        if (right.Group.Length == 0)
            return true;

        var (call, plural) = ($"discover {right.Kind}", right.Resource.Split('/')[0]);
        var group = await api.FindAsync(call, $"apis/{right.Group}", ApiJson.Default.ApiGroup, cancellationToken);
        foreach (var version in group?.Versions ?? [])
        {
            var kinds = await api.FindAsync(
                call, $"apis/{right.Group}/{version.Version}", ApiJson.Default.ApiResourceList, cancellationToken);
            if (kinds?.Resources?.Any(kind => kind.Name == plural) is true)
                return true;
        }

        return false;
    }
}
