using SmmAgent.Checks.Observations;
using SmmAgent.Contract;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Host;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Checks.Dashboard;

/// <summary>Checks that the dashboard's certificate is trusted and does not expire soon.</summary>
internal sealed class DashboardCertificate() : DashboardCheck("dashboard-certificate", "Certificate")
{
    protected override IReadOnlyList<CheckLine> Evaluate(Uri url, DashboardObservation dashboard, DateTimeOffset now)
    {
        if (url.Scheme != Uri.UriSchemeHttps)
            return [CheckLine.Skipped("plain http shows none")];
        if (dashboard.Results.FirstOrDefault(IsBad) is { } bad)
            return [CheckLine.Fail($"{bad.Target.Host} {bad.Detail}", Fix(bad, now))];
        if (dashboard.Results.Select(result => result.Certificate).OfType<CertificateLife>().MinBy(life => life.NotAfter) is not { } first)
            return [CheckLine.Skipped("no certificate: the dashboard does not answer")];

        return
        [
            first.EndsSoon(now)
                ? CheckLine.Warn($"'{first.Subject}' expires at {TimeText.Format(first.NotAfter)}", "renew it in the cluster")
                : CheckLine.Pass($"'{first.Subject}' is valid until {TimeText.Format(first.NotAfter)}"),
        ];
    }

    private static bool IsBad(ProbeResult result) => result.Outcome is Outcome.WrongCertificate or Outcome.ExpiredCertificate;

    private static string Fix(ProbeResult bad, DateTimeOffset now) => bad switch
    {
        { Certificate: { } life } when life.NotBefore > now => ClockOffset.Advice,
        { Outcome: Outcome.ExpiredCertificate } => Outcome.ExpiredCertificate.Advice(),
        _ => "name the authority of its certificate: sudo smm-agent set dashboard-url URL --ca-file FILE",
    };
}
