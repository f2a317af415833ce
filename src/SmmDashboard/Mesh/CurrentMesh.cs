namespace SmmDashboard.Mesh;

/// <summary>The last good mesh description. Only <see cref="MeshWatcher"/> replaces it.</summary>
public sealed class CurrentMesh(MeshDescription first)
{
    private MeshSnapshot _snapshot = new(first);
    private volatile bool _isStopping;

    public MeshSnapshot Snapshot => Volatile.Read(ref _snapshot);

    public MeshDescription Mesh => Snapshot.Mesh;

    /// <summary>The process ends: nobody may go on waiting for a change.</summary>
    public bool IsStopping => _isStopping;

    public void Replace(MeshDescription mesh) => Interlocked.Exchange(ref _snapshot, new MeshSnapshot(mesh)).Supersede();

    public void Stop()
    {
        _isStopping = true;
        Snapshot.Supersede();
    }
}
