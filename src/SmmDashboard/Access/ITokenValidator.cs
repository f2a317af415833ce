namespace SmmDashboard.Access;

/// <summary>Validates the bearer tokens of agents.</summary>
public interface ITokenValidator
{
    /// <summary>
    /// Whether the token can be validated from memory, or was valid a short time ago. Any other token costs a call of another server.
    /// </summary>
    bool IsKnown(PresentedToken token);

    /// <exception cref="Http.UnavailableException">
    /// The token cannot be validated now. The response is 503 and never 401, so that an agent keeps its token.
    /// </exception>
    ValueTask<TokenValidation> ValidateAsync(PresentedToken token, CancellationToken cancellationToken);
}
