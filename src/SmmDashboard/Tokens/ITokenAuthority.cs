namespace SmmDashboard.Tokens;

/// <summary>Judges the bearer tokens of agents.</summary>
public interface ITokenAuthority
{
    /// <exception cref="Http.UnavailableException">It cannot be checked now. That is 503 and never 401: an agent keeps its token.</exception>
    ValueTask<TokenVerdict> JudgeAsync(PresentedToken token, CancellationToken cancellationToken);
}
