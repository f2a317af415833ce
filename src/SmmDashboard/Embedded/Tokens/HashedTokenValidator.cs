using System.Security.Cryptography;
using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Tokens;

/// <summary>Knows tokens by their SHA-256 in the mesh description.</summary>
public sealed class HashedTokenValidator(CurrentMeshDescription description) : ITokenValidator
{
    // The agent shows 200 characters of it.
    private static readonly TokenValidation Unknown = new TokenValidation.Refused(ProblemReasons.TokenUnknown,
        "the token is not known: this dashboard knows tokens by their SHA-256; "
        + "its administrator adds the one that this prints to the group's tokenSha256s: printf %s \"$TOKEN\" | sha256sum");

    public bool IsKnown(PresentedToken token) => true;

    public ValueTask<TokenValidation> ValidateAsync(PresentedToken token, CancellationToken cancellationToken)
    {
        var opens = new List<GroupId>();
        foreach (var (group, sha256s) in description.Mesh.TokenSha256s)
        {
            if (Has(sha256s, token.Sha256))
                opens.Add(group);
        }

        return ValueTask.FromResult(opens.Count == 0
            ? Unknown
            : new TokenValidation.Accepted(opens, [.. opens.Select(group => group.Namespace).Distinct()]));
    }

    /// <summary>Compares with every token, in a time that does not depend on which one was nearly right.</summary>
    private static bool Has(IReadOnlyList<byte[]> sha256s, byte[] sha256)
    {
        var found = false;
        foreach (var candidate in sha256s)
            found |= CryptographicOperations.FixedTimeEquals(candidate, sha256);
        return found;
    }
}
