using SmmDashboard.Tls;

namespace SmmDashboard.Startup;

/// <summary>Validates the certificates and keys that options name, before anything starts.</summary>
internal static class StartupFiles
{
    /// <returns>The faults; each has the option, the file, the reason, and what to do.</returns>
    public static List<string> Validate(DashboardOptions options)
    {
        var faults = new List<string>();
        Validate(options.Certificate, "--certificate", "--key", faults);
        if (options.Admin?.Certificate != options.Certificate)
            Validate(options.Admin?.Certificate, "--admin-certificate", "--admin-key", faults);
        Validate(options.RegistrationCertificate, "--registration-certificate", "--registration-key", faults);
        Validate(options.RegistrationAuthority, "--registration-ca-certificate", "--registration-ca-key", faults);
        if (options.Authorities is { } authorities && PemFault.FindInAuthorities(authorities) is { } reason)
            faults.Add(OptionFile.Format("--ca-certificate", authorities, reason));
        return faults;
    }

    private static void Validate(CertificateFiles? files, string certificate, string key, List<string> faults)
    {
        if (files is not null && PemFault.Find(files) is { } fault)
            faults.Add(OptionFile.Format(fault.IsKey ? key : certificate, fault.Path, fault.Reason));
    }
}
