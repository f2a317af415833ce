namespace SmmDashboard.Kubernetes.Api;

/// <summary>The reason of a failed call of the Kubernetes API.</summary>
public enum ApiFault
{
    /// <summary>No connection, or it broke.</summary>
    Unreachable,

    /// <summary>No answer within the deadline.</summary>
    TimedOut,

    /// <summary>The server's certificate is not of the configured CA, or not for its name.</summary>
    Untrusted,

    /// <summary>401: the credentials are not accepted.</summary>
    Unauthorized,

    /// <summary>403: the account lacks the right.</summary>
    Forbidden,

    /// <summary>404: no such object, or no such kind.</summary>
    NotFound,

    /// <summary>409: another writer was faster.</summary>
    Conflict,

    /// <summary>410: the resource version or the continue token is too old.</summary>
    Expired,

    /// <summary>The server does not know this resource version yet.</summary>
    TooLargeResourceVersion,

    /// <summary>429: the server limits its load.</summary>
    TooManyRequests,

    /// <summary>Another 4xx.</summary>
    Refused,

    /// <summary>5xx.</summary>
    ServerError,

    /// <summary>The answer is larger than what is accepted, or is not what the call returns.</summary>
    Unreadable,
}
