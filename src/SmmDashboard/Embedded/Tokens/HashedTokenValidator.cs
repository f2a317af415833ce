using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Embedded.Mesh;

namespace SmmDashboard.Embedded.Tokens;

/// <summary>Validates tokens by their SHA-256 in the mesh description.</summary>
public sealed class HashedTokenValidator(CurrentMeshDescription description) : ITokenValidator
{
    // The agent shows the first 200 characters.
    private static readonly TokenValidation Unknown = new TokenValidation.Refused(ProblemReasons.TokenUnknown,
        "the token is unknown: this dashboard identifies tokens by SHA-256; "
        + "its administrator must add the output of this to the group's tokenSha256s: printf %s \"$TOKEN\" | sha256sum");

    public bool IsKnown(PresentedToken token) => true;

    public ValueTask<TokenValidation> ValidateAsync(PresentedToken token, CancellationToken cancellationToken) =>
        ValueTask.FromResult(description.FindToken(token.Sha256) ?? Unknown);
}
