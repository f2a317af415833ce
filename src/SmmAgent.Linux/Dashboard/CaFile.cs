namespace SmmAgent.Linux.Dashboard;

/// <summary>What dashboard.caFile names: certificate authorities in PEM.</summary>
public static class CaFile
{
    /// <summary>Why the client could not use it; null when it could.</summary>
    public static string? Fault(string path) => new DashboardTrust(path).CaFileFault;

    /// <summary>The command that copies the file to where the daemon's user may read it.</summary>
    public static string InstallCommand(string path, Uri dashboard) =>
        $"sudo install -m 0644 {path} /etc/smm/dashboard-ca.pem && "
        + $"sudo smm-agent set dashboard-url {dashboard.GetLeftPart(UriPartial.Authority)} --ca-file /etc/smm/dashboard-ca.pem";
}
