namespace SmmDashboard.Tls;

/// <summary>The PEM files of a certificate and its key.</summary>
public sealed record CertificateFiles(string Certificate, string Key);
