namespace SmmAgent.Linux.Dashboard;

/// <summary>The file of dashboard.caFile: certificate authorities in PEM.</summary>
public static class CaFile
{
    /// <summary>The reason why the client cannot use the file; null when it can.</summary>
    public static string? Fault(string path) => new DashboardTrust(path).CaFileFault;

    /// <summary>The command that copies the file to a place where the user of the daemon may read it.</summary>
    public static string InstallCommand(string path, Uri dashboard) =>
        $"sudo install -m 0644 {path} /etc/smm/dashboard-ca.pem && "
        + $"sudo smm-agent set dashboard-url {dashboard.GetLeftPart(UriPartial.Authority)} --ca-file /etc/smm/dashboard-ca.pem";
}
