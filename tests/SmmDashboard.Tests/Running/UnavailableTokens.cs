using SmmDashboard.Access;
using SmmDashboard.Http;

namespace SmmDashboard.Tests.Running;

/// <summary>As in a cluster whose API server does not answer: no token can be checked.</summary>
public sealed class UnavailableTokens : ITokenValidator
{
    public bool IsKnown(PresentedToken token) => false;

    public ValueTask<TokenValidation> ValidateAsync(PresentedToken token, CancellationToken cancellationToken) =>
        throw new UnavailableException("the token cannot be checked now", TimeSpan.FromSeconds(5));
}
