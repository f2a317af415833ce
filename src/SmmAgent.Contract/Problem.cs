using System.Text.Json.Serialization;

namespace SmmAgent.Contract;

/// <summary>An error as defined by RFC 9457, with a stable <see cref="Code"/>.</summary>
public sealed record Problem
{
    /// <summary>The HTTP status, repeated.</summary>
    public int Status { get; init; }

    /// <summary>A short title, the same for every problem with this code.</summary>
    public string? Title { get; init; }

    /// <summary>The details of this occurrence, and the action to take.</summary>
    public string? Detail { get; init; }

    /// <summary>The stable code, one of <see cref="ProblemCodes"/>.</summary>
    public string? Code { get; init; }

    /// <summary>
    /// A more specific reason than <see cref="Code"/>: one of <see cref="ProblemReasons"/>, or the reason of a Kubernetes TokenReview.
    /// Null if there is none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }
}

/// <summary>
/// The reasons that a dashboard itself sets in <see cref="Problem.Reason"/>. Treat other reasons as unknown; more may be added.
/// </summary>
public static class ProblemReasons
{
    /// <summary>401: the request has no bearer token.</summary>
    public const string TokenMissing = "TokenMissing";

    /// <summary>401: the header Authorization does not have the form of a bearer token.</summary>
    public const string TokenMalformed = "TokenMalformed";

    /// <summary>401: the token has expired.</summary>
    public const string TokenExpired = "TokenExpired";

    /// <summary>401: the dashboard does not know the token.</summary>
    public const string TokenUnknown = "TokenUnknown";

    /// <summary>401: the token was made for another audience than the dashboard.</summary>
    public const string TokenAudience = "TokenAudience";

    /// <summary>401: the token's Secret or its service account was deleted.</summary>
    public const string TokenRevoked = "TokenRevoked";
}

/// <summary>The stable codes of <see cref="Problem.Code"/>.</summary>
public static class ProblemCodes
{
    /// <summary>401: the bearer token is missing, malformed, expired or unknown.</summary>
    public const string TokenInvalid = "token-invalid";

    /// <summary>403: the token belongs to another service account than the WorkloadGroup's.</summary>
    public const string NotThisWorkloadGroup = "not-this-workload-group";

    /// <summary>404: this dashboard does not offer the operation.</summary>
    public const string NotSupported = "not-supported";

    /// <summary>409: the token is not renewed, because it is bound to no Secret.</summary>
    public const string TokenNotRenewable = "token-not-renewable";

    /// <summary>403: the uuid is bound to another agent key.</summary>
    public const string AgentKeyMismatch = "agent-key-mismatch";

    /// <summary>409: two hosts report under the uuid and its key.</summary>
    public const string DuplicateIdentity = "duplicate-identity";

    /// <summary>404: there is no such WorkloadGroup.</summary>
    public const string WorkloadGroupNotFound = "workload-group-not-found";

    /// <summary>404: the resource does not exist.</summary>
    public const string NotFound = "not-found";

    /// <summary>426: the agent is older than the dashboard supports.</summary>
    public const string AgentTooOld = "agent-too-old";

    /// <summary>413: the request's body is too large.</summary>
    public const string BodyTooLarge = "body-too-large";

    /// <summary>400: the request's body or a header violates the contract.</summary>
    public const string BodyInvalid = "body-invalid";

    /// <summary>400: tokens are made for one audience only.</summary>
    public const string AudienceNotAllowed = "audience-not-allowed";

    /// <summary>409: a dial-back needs a report first.</summary>
    public const string NoReport = "no-report";

    /// <summary>422: the dashboard never connects to such an address.</summary>
    public const string AddressNotAllowed = "address-not-allowed";

    /// <summary>429: too many requests.</summary>
    public const string TooManyRequests = "too-many-requests";

    /// <summary>503: temporarily unavailable.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>Whether this version of the contract has the code.</summary>
    public static bool IsKnown(string? code) =>
        code is TokenInvalid or NotThisWorkloadGroup or NotSupported or TokenNotRenewable or AgentKeyMismatch or DuplicateIdentity
            or WorkloadGroupNotFound or NotFound or AgentTooOld or BodyTooLarge or BodyInvalid or AudienceNotAllowed or NoReport
            or AddressNotAllowed
            or TooManyRequests or Unavailable;
}
