using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Tokens;

namespace SmmDashboard.Kubernetes.Tokens;

/// <summary>Tokens for sidecars, by TokenRequests.</summary>
public sealed class RequestedTokens(TokenRequester requester) : ISidecarTokens
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    public async ValueTask<TokenResponse> MakeAsync(GroupEntry group, CancellationToken cancellationToken) =>
        (await requester.RequestAsync(group.Account, group.SidecarAudience, Lifetime, secret: null, cancellationToken))!;
}
