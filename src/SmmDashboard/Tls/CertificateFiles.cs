namespace SmmDashboard.Tls;

/// <summary>A certificate and its key, two files in PEM.</summary>
public sealed record CertificateFiles(string Certificate, string Key);
