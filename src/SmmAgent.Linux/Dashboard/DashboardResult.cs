using SmmAgent.Contract;

namespace SmmAgent.Linux.Dashboard;

/// <summary>The result of a call: a value or a failure. Calls do not throw.</summary>
public sealed record DashboardResult<T>
    where T : class
{
    private DashboardResult(T? value, DashboardFailure? failure) => (Value, Failure) = (value, failure);

    public T? Value { get; }

    public DashboardFailure? Failure { get; }

    public static DashboardResult<T> Good(T value) => new(value, null);

    public static implicit operator DashboardResult<T>(DashboardFailure failure) => new(null, failure);
}

/// <summary>The answer to a call that returns only success.</summary>
public sealed record Accepted
{
    public static Accepted Instance { get; } = new();
}

/// <summary>The answer to a conditional request for the mesh configuration.</summary>
public abstract record MeshConfigAnswer
{
    private MeshConfigAnswer()
    {
    }

    /// <summary>A valid configuration.</summary>
    public sealed record Changed(GoodBody Good) : MeshConfigAnswer;

    /// <summary>The configuration with the ETag of the request is still current.</summary>
    public sealed record NotModified : MeshConfigAnswer;
}

/// <summary>A configuration with the bytes and the ETag of the answer.</summary>
public sealed record GoodBody(MeshConfig Config, byte[] Body, string ETag);

/// <summary>The reason why a call returned no value.</summary>
public abstract record DashboardFailure
{
    private DashboardFailure()
    {
    }

    /// <summary>Nothing was sent: there is no usable token.</summary>
    public sealed record NoToken(string Reason) : DashboardFailure;

    /// <summary>Nothing was sent: dashboard.caFile cannot be used.</summary>
    public sealed record BadCaFile(string Reason) : DashboardFailure;

    /// <summary>Nothing was sent: the circuit breaker is open after repeated failures.</summary>
    public sealed record Paused(TimeSpan For, DashboardFailure Because) : DashboardFailure;

    /// <summary>The dashboard refused the request: a 4xx other than 429.</summary>
    /// <param name="Code">The stable code of the problem; null when the answer was not a problem document.</param>
    /// <param name="Reason">The optional reason of the problem, as one printable line; null when it has none.</param>
    /// <param name="Front">The server that answered instead of the dashboard; otherwise null.</param>
    public sealed record Refused(int Status, string? Code, string Detail, string? Reason = null, Intermediary? Front = null)
        : DashboardFailure;

    /// <param name="Front">The server that answered instead of the dashboard; otherwise null.</param>
    public sealed record RateLimited(TimeSpan? RetryAfter, string Detail, Intermediary? Front = null) : DashboardFailure;

    /// <param name="Front">The server that answered instead of the dashboard; otherwise null.</param>
    public sealed record ServerError(int Status, TimeSpan? RetryAfter, string Detail, Intermediary? Front = null) : DashboardFailure;

    public sealed record Unreachable(UnreachableReason Reason, string Detail) : DashboardFailure;

    /// <summary>The answer is a redirect, which is not followed.</summary>
    /// <param name="To">The origin of the target; null when the answer has no valid target.</param>
    public sealed record Redirected(int Status, Uri? To) : DashboardFailure;

    /// <summary>The answer violates the contract.</summary>
    public sealed record BadAnswer(IReadOnlyList<InputError> Faults) : DashboardFailure
    {
        public BadAnswer(string reason)
            : this([new InputError("", reason)])
        {
        }
    }
}

public enum UnreachableReason
{
    Refused,
    TimedOut,
    NoRoute,
    NoSuchName,
    ExpiredCertificate,
    WrongCertificate,
    NoTls,
    Disconnected,
    Proxy,
}
