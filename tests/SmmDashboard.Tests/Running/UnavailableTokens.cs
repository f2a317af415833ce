using SmmDashboard.Access;
using SmmDashboard.Http;

namespace SmmDashboard.Tests.Running;

/// <summary>A validator that cannot validate tokens, as in a cluster with an unavailable API server.</summary>
public sealed class UnavailableTokens : ITokenValidator
{
    public bool IsKnown(PresentedToken token) => false;

    public ValueTask<TokenValidation> ValidateAsync(PresentedToken token, CancellationToken cancellationToken) =>
        throw new UnavailableException("the token cannot be checked now", TimeSpan.FromSeconds(5));
}
