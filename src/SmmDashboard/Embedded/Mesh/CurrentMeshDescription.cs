using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>The last valid mesh description. <see cref="MeshWatcher"/> replaces it.</summary>
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

    /// <remarks>The tokens change first, so that a woken request is not served for a token that the file no longer contains.</remarks>
    public void Replace(MeshDescription mesh)
    {
        _mesh = mesh;
        _served.Replace(mesh.Settings, mesh.Groups.Values.Select(GroupEntry.From));
    }
}
