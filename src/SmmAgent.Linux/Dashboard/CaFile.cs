namespace SmmAgent.Linux.Dashboard;

/// <summary>What dashboard.caFile names: certificate authorities in PEM.</summary>
public static class CaFile
{
    /// <summary>Why the client could not use it; null when it could.</summary>
    public static string? Fault(string path) => new DashboardTrust(path).CaFileFault;
}
