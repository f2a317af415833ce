using SmmDashboard.Status;

namespace SmmDashboard.Tls;

/// <summary>The expiry of the certificate of the API.</summary>
public sealed class CertificateMetrics(PemCertificate? certificate) : IMetricSource
{
    public IEnumerable<Metric> Metrics =>
    [
        Metric.Gauge("smm_dashboard_certificate_expiry_timestamp_seconds",
            "When the certificate of the API expires, in seconds since 1970; absent without TLS.",
            certificate is { Expiry: var expiry } ? [new Sample(expiry.ToUnixTimeSeconds())] : []),
    ];
}
