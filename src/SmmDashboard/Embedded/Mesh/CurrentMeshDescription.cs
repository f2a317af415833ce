using SmmDashboard.Access;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>The last valid mesh description. <see cref="MeshWatcher"/> replaces it.</summary>
public sealed class CurrentMeshDescription
{
    private readonly CurrentMesh _served;
    private volatile Indexed _current;

    public CurrentMeshDescription(MeshDescription first, CurrentMesh served)
    {
        (_current, _served) = (new Indexed(first, new TokenIndex(first.TokenSha256s)), served);
        Serve(first, revoked: null);
    }

    private sealed record Indexed(MeshDescription Mesh, TokenIndex Tokens);

    public MeshDescription Mesh => _current.Mesh;

    /// <summary>Finds the groups that a token opens; null for an unknown token.</summary>
    public TokenValidation.Accepted? FindToken(byte[] sha256) => _current.Tokens.Find(sha256);

    /// <remarks>The tokens change first, so that a woken request is not served for a token that the file no longer contains.</remarks>
    public void Replace(MeshDescription mesh)
    {
        var before = _current.Mesh;
        var current = _current = new Indexed(mesh, new TokenIndex(mesh.TokenSha256s));
        Serve(mesh, mesh.TokenSha256s.Keys.Where(group => HasLostToken(group, before, current)).ToHashSet());
    }

    private void Serve(MeshDescription mesh, IReadOnlySet<GroupId>? revoked) =>
        _served.Replace(mesh.Settings, mesh.Groups.Values.Select(GroupEntry.From), revoked);

    private static bool HasLostToken(GroupId group, MeshDescription before, Indexed after) =>
        before.TokenSha256s.TryGetValue(group, out var old) && !ReferenceEquals(old, after.Mesh.TokenSha256s[group])
        && old.Any(token => after.Tokens.Find(token)?.Opens.Contains(group) != true);
}
