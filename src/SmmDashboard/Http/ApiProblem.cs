using System.Globalization;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using SmmAgent.Contract;
using SmmDashboard.Groups;

namespace SmmDashboard.Http;

/// <summary>An error response: <c>application/problem+json</c> with a stable code.</summary>
public sealed record ApiProblem(int Status, string Code, string Title, string Detail, TimeSpan? RetryAfter = null, string? Reason = null)
{
    public const string ContentType = "application/problem+json";

    public static ApiProblem TokenMissing() =>
        TokenInvalid(ProblemReasons.TokenMissing, "the header Authorization: Bearer TOKEN is missing");

    public static ApiProblem TokenMalformed() =>
        TokenInvalid(ProblemReasons.TokenMalformed, "the header Authorization does not have the form Bearer TOKEN");

    public static ApiProblem TokenExpired() =>
        TokenInvalid(ProblemReasons.TokenExpired, "the token has expired; set a new one: sudo smm-agent set bearer-token --stdin");

    public static ApiProblem TokenRefused(string reason, string detail) => TokenInvalid(reason, detail);

    public static ApiProblem NotThisWorkloadGroup() =>
        new(403, ProblemCodes.NotThisWorkloadGroup, "The token does not open this WorkloadGroup",
            "the token belongs to another service account than the WorkloadGroup; use a token of the one in .spec.template.serviceAccount");

    public static ApiProblem WorkloadGroupNotFound(GroupId group) =>
        new(404, ProblemCodes.WorkloadGroupNotFound, "The WorkloadGroup does not exist",
            $"WorkloadGroup '{NameRules.Shown(group.Name)}' does not exist in the namespace of the token; "
            + "check smm-agent set workload-group");

    public static ApiProblem WorkloadGroupNotServed(GroupId group, string reason) =>
        new(404, ProblemCodes.WorkloadGroupNotFound, "The WorkloadGroup cannot be served",
            $"WorkloadGroup '{group}' has no valid configuration yet: {reason}");

    public static ApiProblem AgentTooOld(Version found, Version minimum) =>
        new(426, ProblemCodes.AgentTooOld, "The agent is too old",
            $"this is smm-agent {found}, but {minimum} or newer is required; upgrade the package");

    public static ApiProblem BodyTooLarge(int limit) =>
        new(413, ProblemCodes.BodyTooLarge, "The body is too large", $"at most {limit} bytes are accepted here");

    public static ApiProblem BodyInvalid(string detail) =>
        new(400, ProblemCodes.BodyInvalid, "The request violates the contract", detail);

    public static ApiProblem BodyInvalid(IEnumerable<InputError> faults) => BodyInvalid(string.Join("; ", faults.Take(20)));

    public static ApiProblem AudienceNotAllowed(string audience) =>
        new(400, ProblemCodes.AudienceNotAllowed, "The audience is not allowed",
            $"'{NameRules.Shown(audience)}' is not allowed; only {DashboardApi.SidecarAudience} is");

    public static ApiProblem AgentKeyMismatch() =>
        new(403, ProblemCodes.AgentKeyMismatch, "The uuid is bound to another agent key",
            "another agent reported under this uuid first; a copied VM needs its own uuid");

    /// <param name="hosts">The hosts, formatted for people.</param>
    public static ApiProblem DuplicateIdentity(string hosts) =>
        new(409, ProblemCodes.DuplicateIdentity, "Two hosts report under one uuid and one agent key",
            $"{hosts}: one is a copy of the other, with its /etc/machine-id");

    public static ApiProblem NoReport() =>
        new(409, ProblemCodes.NoReport, "The agent has not reported",
            "the agent must report its address first: PUT GROUP/agents/{uuid}");

    public static ApiProblem AddressNotAllowed(string detail) =>
        new(422, ProblemCodes.AddressNotAllowed, "The dashboard never connects to this address", detail);

    private static ApiProblem TokenInvalid(string reason, string detail) =>
        new(401, ProblemCodes.TokenInvalid, "The bearer token is not valid", detail, Reason: reason);

    public static ApiProblem TooManyRequests(string detail, TimeSpan retryAfter) =>
        new(429, ProblemCodes.TooManyRequests, "Too many requests", detail, retryAfter);

    public static ApiProblem Unavailable(string detail, TimeSpan retryAfter) =>
        new(503, ProblemCodes.Unavailable, "Temporarily unavailable", detail, retryAfter);

    public static ApiProblem NotFound(string detail) => new(404, ProblemCodes.NotFound, "Not found", detail);

    public static ApiProblem NotSupported(string detail) =>
        new(404, ProblemCodes.NotSupported, "Not supported by this dashboard", detail);

    public static ApiProblem TokenNotRenewable(string detail) =>
        new(409, ProblemCodes.TokenNotRenewable, "The token cannot be renewed", detail);

    public static ApiProblem MediaTypeNotSupported() =>
        new(415, "media-type-not-supported", "The media type is not supported", "send application/json");

    /// <summary>The beginning of the detail for a path that no listener of this kind has.</summary>
    public const string UnknownPath = "the path does not exist";

    /// <summary>Creates the problem for a status that the framework has set.</summary>
    public static ApiProblem FromStatus(int status) => status switch
    {
        404 => NotFound($"{UnknownPath}; see docs/openapi.yaml"),
        405 => new(405, "method-not-allowed", "The method is not allowed", "see the header Allow"),
        413 => BodyTooLarge(KestrelLimits.MaximumBody),
        415 => MediaTypeNotSupported(),
        416 => new(416, "range-not-satisfiable", "The range is outside the file", "see the header Content-Range"),
        >= 500 => new(status, "internal-error", "The dashboard failed", "the reason is in the dashboard's log"),
        _ => BodyInvalid("the request is malformed") with { Status = status },
    };

    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        if (Status == 401)
            response.Headers.WWWAuthenticate = "Bearer";
        if (Status == 426)
            response.Headers.Upgrade = "smm-agent";
        if (RetryAfter is { } after)
        {
            var seconds = Math.Max(1, (long)Math.Ceiling(after.TotalSeconds));
            response.Headers[HeaderNames.RetryAfter] = seconds.ToString(CultureInfo.InvariantCulture);
        }

        var problem = new Problem { Status = Status, Title = Title, Detail = Detail, Code = Code, Reason = Reason };
        var body = JsonSerializer.SerializeToUtf8Bytes(problem, ContractJson.Default.Problem);
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }
}
