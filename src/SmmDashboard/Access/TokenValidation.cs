using SmmDashboard.Groups;

namespace SmmDashboard.Access;

/// <summary>Whether a bearer token is valid.</summary>
public abstract record TokenValidation
{
    private TokenValidation()
    {
    }

    /// <summary>It is valid.</summary>
    /// <param name="Opens">The WorkloadGroups that it opens; may be empty.</param>
    /// <param name="Namespaces">Where its holder may learn that a WorkloadGroup does not exist.</param>
    /// <param name="Owner">Whose it is, when a service account's.</param>
    public sealed record Accepted(IReadOnlyCollection<GroupId> Opens, IReadOnlyCollection<string> Namespaces, TokenOwner? Owner = null) : TokenValidation;

    /// <summary>It is not valid.</summary>
    /// <param name="Reason">One of <see cref="SmmAgent.Contract.ProblemReasons"/>.</param>
    /// <param name="Detail">For the operator; the agent shows 200 characters of it.</param>
    public sealed record Refused(string Reason, string Detail) : TokenValidation;
}

/// <summary>Whose a token is, and what it lives as long as.</summary>
/// <param name="Account">The service account.</param>
/// <param name="SecretName">The Secret that it is bound to; null when it is bound to none.</param>
/// <param name="SecretUid">The uid of that Secret.</param>
/// <param name="ExpiresAt">When it expires; null for one that does not.</param>
public sealed record TokenOwner(ServiceAccount Account, string? SecretName = null, string? SecretUid = null, DateTimeOffset? ExpiresAt = null)
{
    /// <summary>The uid of the service account: another one after it was deleted and made anew. Null when it is not known.</summary>
    public string? AccountUid { get; init; }
}
