using System.Security.Cryptography;
using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Tokens;

/// <summary>Validates tokens by their SHA-256 in the mesh description.</summary>
public sealed class HashedTokenValidator(CurrentMeshDescription description) : ITokenValidator
{
    // The agent shows the first 200 characters.
    private static readonly TokenValidation Unknown = new TokenValidation.Refused(ProblemReasons.TokenUnknown,
        "the token is unknown: this dashboard identifies tokens by SHA-256; "
        + "its administrator must add the output of this to the group's tokenSha256s: printf %s \"$TOKEN\" | sha256sum");

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

    /// <summary>Compares with every token in a time that does not depend on partial matches.</summary>
    private static bool Has(IReadOnlyList<byte[]> sha256s, byte[] sha256)
    {
        var found = false;
        foreach (var candidate in sha256s)
            found |= CryptographicOperations.FixedTimeEquals(candidate, sha256);
        return found;
    }
}
