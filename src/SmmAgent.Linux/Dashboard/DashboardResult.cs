using SmmAgent.Contract;

namespace SmmAgent.Linux.Dashboard;

/// <summary>How a call ended: with a value or with a failure, never with an exception.</summary>
public sealed record DashboardResult<T>
    where T : class
{
    private DashboardResult(T? value, DashboardFailure? failure) => (Value, Failure) = (value, failure);

    public T? Value { get; }

    public DashboardFailure? Failure { get; }

    public static DashboardResult<T> Good(T value) => new(value, null);

    public static implicit operator DashboardResult<T>(DashboardFailure failure) => new(null, failure);
}

/// <summary>The answer to a call that answers nothing but success.</summary>
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

    /// <summary>A configuration that obeys every rule.</summary>
    public sealed record Changed(GoodBody Good) : MeshConfigAnswer;

    /// <summary>It is still the one with the ETag that was sent.</summary>
    public sealed record NotModified : MeshConfigAnswer;
}

/// <summary>A configuration with the bytes and the ETag that it came with.</summary>
public sealed record GoodBody(MeshConfig Config, byte[] Body, string ETag);

/// <summary>Why a call brought no value.</summary>
public abstract record DashboardFailure
{
    private DashboardFailure()
    {
    }

    /// <summary>Nothing was sent: there is no token that could be sent.</summary>
    public sealed record NoToken(string Reason) : DashboardFailure;

    /// <summary>Nothing was sent: dashboard.caFile cannot be used.</summary>
    public sealed record BadCaFile(string Reason) : DashboardFailure;

    /// <summary>Nothing was sent: the calls before failed again and again.</summary>
    public sealed record Paused(TimeSpan For, DashboardFailure Because) : DashboardFailure;

    /// <summary>The dashboard understood and said no: a 4xx other than 429.</summary>
    /// <param name="Code">The problem's stable code; null when the answer was no problem document.</param>
    /// <param name="Reason">The problem's optional reason, as one printable line; null when it has none.</param>
    /// <param name="Front">Who answered, where that was not the dashboard; else null.</param>
    public sealed record Refused(int Status, string? Code, string Detail, string? Reason = null, Intermediary? Front = null)
        : DashboardFailure;

    /// <param name="Front">Who answered, where that was not the dashboard; else null.</param>
    public sealed record RateLimited(TimeSpan? RetryAfter, string Detail, Intermediary? Front = null) : DashboardFailure;

    /// <param name="Front">Who answered, where that was not the dashboard; else null.</param>
    public sealed record ServerError(int Status, TimeSpan? RetryAfter, string Detail, Intermediary? Front = null) : DashboardFailure;

    public sealed record Unreachable(UnreachableReason Reason, string Detail) : DashboardFailure;

    /// <summary>The answer points elsewhere; nothing was sent there.</summary>
    /// <param name="To">The origin that it points to; null when it names none.</param>
    public sealed record Redirected(int Status, Uri? To) : DashboardFailure;

    /// <summary>The answer is not what the contract says.</summary>
    public sealed record BadAnswer(IReadOnlyList<Fault> Faults) : DashboardFailure
    {
        public BadAnswer(string reason)
            : this([new Fault("", reason)])
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
}
