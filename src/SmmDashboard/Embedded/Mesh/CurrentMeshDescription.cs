using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>The last good mesh description. <see cref="MeshWatcher"/> replaces it.</summary>
public sealed class CurrentMeshDescription
{
    private readonly CurrentMesh _served;
    private volatile MeshDescription _mesh;

    public CurrentMeshDescription(MeshDescription first, CurrentMesh served)
    {
        (_mesh, _served) = (first, served);
        Replace(first);
    }

    public MeshDescription Mesh => _mesh;

    /// <remarks>The tokens change first: a request that is woken must not be answered for a token that the file no longer has.</remarks>
    public void Replace(MeshDescription mesh)
    {
        _mesh = mesh;
        _served.Replace(mesh.Settings, mesh.Groups.Values.Select(GroupEntry.From));
    }
}
