using SmmDashboard.Access;

namespace SmmDashboard.Kubernetes.Tokens;

/// <summary>The API server's answer about a token.</summary>
public abstract record ReviewedToken
{
    private ReviewedToken()
    {
    }

    /// <param name="Owner">Whose it is.</param>
    /// <param name="IsForApiServer">Whether the token is for the API server instead of the dashboard.</param>
    public sealed record Valid(TokenOwner Owner, bool IsForApiServer) : ReviewedToken;

    /// <param name="Verdict">The answer to the agent.</param>
    public sealed record Invalid(TokenValidation.Refused Verdict) : ReviewedToken;
}
