using SmmDashboard.Groups;

namespace SmmDashboard.Access;

/// <summary>The result of the validation of a bearer token.</summary>
public abstract record TokenValidation
{
    private TokenValidation()
    {
    }

    /// <summary>The token is valid.</summary>
    /// <param name="Opens">The WorkloadGroups that the token opens; may be empty.</param>
    /// <param name="Namespaces">The namespaces in which the holder may learn that a WorkloadGroup does not exist.</param>
    /// <param name="Owner">The owner; null when the token does not belong to a service account.</param>
    public sealed record Accepted(
        IReadOnlyCollection<GroupId> Opens, IReadOnlyCollection<string> Namespaces, TokenOwner? Owner = null) : TokenValidation;

    /// <summary>The token is not valid.</summary>
    /// <param name="Reason">One of <see cref="SmmAgent.Contract.ProblemReasons"/>.</param>
    /// <param name="Detail">The explanation for the operator; the agent shows its first 200 characters.</param>
    public sealed record Refused(string Reason, string Detail) : TokenValidation;
}

/// <summary>The owner of a token, and the object that ends the token when it is deleted.</summary>
/// <param name="Account">The service account.</param>
/// <param name="SecretName">The Secret that the token is bound to; null for an unbound token.</param>
/// <param name="SecretUid">The uid of that Secret.</param>
/// <param name="ExpiresAt">When the token expires; null when it does not expire.</param>
public sealed record TokenOwner(
    ServiceAccount Account, string? SecretName = null, string? SecretUid = null, DateTimeOffset? ExpiresAt = null)
{
    /// <summary>The uid of the service account, which changes when the account is deleted and created again; null when unknown.</summary>
    public string? AccountUid { get; init; }
}
