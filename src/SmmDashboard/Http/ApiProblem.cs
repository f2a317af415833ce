using System.Globalization;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using SmmAgent.Contract;
using SmmDashboard.Groups;

namespace SmmDashboard.Http;

/// <summary>An error answer: <c>application/problem+json</c> with a stable code.</summary>
public sealed record ApiProblem(int Status, string Code, string Title, string Detail, TimeSpan? RetryAfter = null, string? Reason = null)
{
    public const string ContentType = "application/problem+json";

    public static ApiProblem TokenMissing() => TokenInvalid(ProblemReasons.TokenMissing, "the header Authorization: Bearer TOKEN is missing");

    public static ApiProblem TokenMalformed() => TokenInvalid(ProblemReasons.TokenMalformed, "the header Authorization is not of the form Bearer TOKEN");

    public static ApiProblem TokenExpired() =>
        TokenInvalid(ProblemReasons.TokenExpired, "the token has expired; set a new one: sudo smm-agent set bearer-token --stdin");

    public static ApiProblem TokenRefused(string reason, string detail) => TokenInvalid(reason, detail);

    public static ApiProblem NotThisWorkloadGroup() =>
        new(403, ProblemCodes.NotThisWorkloadGroup, "The token is not this WorkloadGroup's",
            "the token belongs to another service account than the WorkloadGroup's; use a token of the one in .spec.template.serviceAccount");

    public static ApiProblem WorkloadGroupNotFound(GroupId group) =>
        new(404, ProblemCodes.WorkloadGroupNotFound, "There is no such WorkloadGroup",
            $"there is no WorkloadGroup '{NameRules.Shown(group.Name)}' in the token's namespace; check smm-agent set workload-group");

    public static ApiProblem WorkloadGroupNotServed(GroupId group, string reason) =>
        new(404, ProblemCodes.WorkloadGroupNotFound, "The WorkloadGroup cannot be served", $"WorkloadGroup '{group}' has no valid configuration yet: {reason}");

    public static ApiProblem AgentTooOld(Version found, Version minimum) =>
        new(426, ProblemCodes.AgentTooOld, "The agent is too old", $"smm-agent {found} asked, {minimum} or newer is needed; upgrade the package");

    public static ApiProblem BodyTooLarge(int limit) =>
        new(413, ProblemCodes.BodyTooLarge, "The body is too large", $"at most {limit} bytes are accepted here");

    public static ApiProblem BodyInvalid(string detail) =>
        new(400, ProblemCodes.BodyInvalid, "The request is not what the contract says", detail);

    public static ApiProblem BodyInvalid(IEnumerable<Fault> faults) => BodyInvalid(string.Join("; ", faults.Take(20)));

    public static ApiProblem AudienceNotAllowed(string audience) =>
        new(400, ProblemCodes.AudienceNotAllowed, "No tokens for this audience",
            $"'{NameRules.Shown(audience)}' is not allowed, only {DashboardApi.SidecarAudience} is");

    public static ApiProblem AgentKeyMismatch() =>
        new(403, ProblemCodes.AgentKeyMismatch, "The uuid is bound to another agent key",
            "another agent reported under this uuid first; a copied VM needs a uuid of its own");

    /// <param name="hosts">The hosts, for people.</param>
    public static ApiProblem DuplicateIdentity(string hosts) =>
        new(409, ProblemCodes.DuplicateIdentity, "Two hosts report under one uuid and one agent key",
            $"{hosts}: one is a copy of the other, with its /etc/machine-id");

    public static ApiProblem NoReport() =>
        new(409, ProblemCodes.NoReport, "There is no report of this agent", "the agent must report its address first: PUT GROUP/agents/{uuid}");

    public static ApiProblem AddressNotAllowed(string detail) =>
        new(422, ProblemCodes.AddressNotAllowed, "The dashboard never connects to this address", detail);

    private static ApiProblem TokenInvalid(string reason, string detail) =>
        new(401, ProblemCodes.TokenInvalid, "The bearer token is not valid", detail, Reason: reason);

    public static ApiProblem TooManyRequests(string detail, TimeSpan retryAfter) =>
        new(429, ProblemCodes.TooManyRequests, "Too many requests", detail, retryAfter);

    public static ApiProblem Unavailable(string detail, TimeSpan retryAfter) =>
        new(503, ProblemCodes.Unavailable, "Not now", detail, retryAfter);

    public static ApiProblem NotFound(string detail) => new(404, ProblemCodes.NotFound, "There is no such thing", detail);

    public static ApiProblem NotSupported(string detail) => new(404, ProblemCodes.NotSupported, "This dashboard does not offer it", detail);

    public static ApiProblem TokenNotRenewable(string detail) => new(409, ProblemCodes.TokenNotRenewable, "The token is not renewed", detail);

    public static ApiProblem MediaTypeNotSupported() =>
        new(415, "media-type-not-supported", "The media type is not supported", "send application/json");

    /// <summary>For a status that the framework chose.</summary>
    public static ApiProblem FromStatus(int status) => status switch
    {
        404 => NotFound("no such path; see docs/openapi.yaml"),
        405 => new(405, "method-not-allowed", "The method is not allowed", "see the header Allow"),
        413 => BodyTooLarge(KestrelLimits.MaximumBody),
        415 => MediaTypeNotSupported(),
        416 => new(416, "range-not-satisfiable", "The range is outside of the file", "see the header Content-Range"),
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
            response.Headers[HeaderNames.RetryAfter] = Math.Max(1, (long)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

        var problem = new Problem { Status = Status, Title = Title, Detail = Detail, Code = Code, Reason = Reason };
        var body = JsonSerializer.SerializeToUtf8Bytes(problem, ContractJson.Default.Problem);
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }
}
