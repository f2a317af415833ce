using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Groups;
using k8s.Models;

namespace SmmDashboard.Kubernetes.Tokens;

/// <summary>Reads the status of a TokenReview.</summary>
internal static class ReviewAnswer
{
    private const int LongestReason = 120;

    /// <summary>Null when the token is not valid for the audiences that were asked for.</summary>
    /// <param name="status">The answer.</param>
    /// <param name="token">The token that was reviewed.</param>
    /// <param name="audience">The requested audience; null for the API server's own audiences.</param>
    public static ReviewedToken? Accepted(V1TokenReviewStatus? status, PresentedToken token, string? audience)
    {
        if (status is not { Authenticated: true })
            return null;

        // An authenticator that does not know audiences leaves them out: then the token is the API server's and not ours.
        if (audience is not null && status.Audiences?.Contains(audience) is not true)
            return null;

        return ServiceAccount.FromSubject(status.User?.Username) is { } account
            ? new ReviewedToken.Valid(BoundToken.Owner(account, status.User!.Uid, token), IsForApiServer: audience is null)
            : new ReviewedToken.Invalid(new(ProblemReasons.TokenUnknown,
                $"the token is of the user {Shown(status.User?.Username)}, not of a service account; {MakeNew(token, audience)}"));
    }

    /// <summary>The message for the holder of a refused token: the server's reason, and the command that makes a valid token.</summary>
    public static ReviewedToken.Invalid Refused(V1TokenReviewStatus? status, PresentedToken token, string audience)
    {
        var error = status is { Authenticated: true } ? "the API server did not check the audience" : Shown(Describe(status?.Error));
        var reason =
            error.Contains("audience", StringComparison.OrdinalIgnoreCase) ? ProblemReasons.TokenAudience
            : error.Contains("expired", StringComparison.OrdinalIgnoreCase) ? ProblemReasons.TokenExpired
            : error.Contains("invalidated", StringComparison.OrdinalIgnoreCase)
            || error.Contains("has been deleted", StringComparison.OrdinalIgnoreCase)
                || error.Contains("not found", StringComparison.OrdinalIgnoreCase)
                || error.Contains("does not match", StringComparison.OrdinalIgnoreCase)
                ? ProblemReasons.TokenRevoked
            : ProblemReasons.TokenUnknown;
        return new(new(reason, $"TokenReview: {error}; {MakeNew(token, audience)}"));
    }

    /// <summary>The command that makes a token that the dashboard takes and can renew.</summary>
    private static string MakeNew(PresentedToken token, string? audience)
    {
        // From the token's own claims, which are not verified: they only fill in a command.
        var claimed = token.Reveal().Split('.') is [_, var part, _] && Jwt.TryDecode(part, out var payload)
            ? ServiceAccount.FromSubject(Jwt.Text(payload, "sub"))
            : null;
        var account = claimed is { } named && NameRules.Label(named.Namespace) is null && NameRules.Subdomain(named.Name) is null
            ? named
            : new ServiceAccount("NAMESPACE", "SERVICEACCOUNT");
        return Command(account, audience ?? "smm-dashboard");
    }

    public static string Command(ServiceAccount account, string audience) =>
        $"make one: kubectl -n {account.Namespace} create token {account.Name} --audience {audience} --bound-object-kind Secret "
            + "--bound-object-name SECRET";

    // With several authenticators it is a list, and those that do not know the token at all say nothing of interest.
    private static string? Describe(string? error)
    {
        const string Unknown = "invalid bearer token";
        var reasons = error is ['[', .. var list, ']'] ? list : error;
        var telling = reasons?.Replace($"{Unknown}, ", "", StringComparison.Ordinal).Replace($", {Unknown}", "", StringComparison.Ordinal);
        return string.IsNullOrWhiteSpace(telling) ? reasons : telling;
    }

    private static string Shown(string? text)
    {
        var line = OneLine.From(text, LongestReason);
        return line.Length == 0 ? "no reason given" : line;
    }
}
