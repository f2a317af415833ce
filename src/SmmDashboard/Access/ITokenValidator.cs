namespace SmmDashboard.Access;

/// <summary>Judges the bearer tokens of agents.</summary>
public interface ITokenValidator
{
    /// <summary>Whether the token is judged from memory, or is known to have been valid a short time ago. Any other one costs a call of another server.</summary>
    bool Knows(PresentedToken token);

    /// <exception cref="Http.UnavailableException">It cannot be checked now. That is 503 and never 401: an agent keeps its token.</exception>
    ValueTask<TokenValidation> ValidateAsync(PresentedToken token, CancellationToken cancellationToken);
}
