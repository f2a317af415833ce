using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Checks.Dashboard;

/// <summary>Checks that a dashboard answers at the URL.</summary>
internal sealed class DashboardAnswers() : DashboardCheck("dashboard-answers", "Answer")
{
    protected override bool DaemonKnows => true;

    protected override IReadOnlyList<CheckLine> Evaluate(Uri url, DashboardObservation dashboard, DateTimeOffset now)
    {
        var probed = dashboard.Results.Where(result => result.Latency is not null).ToList();
        var fault = probed.FirstOrDefault(result => result.Outcome != Outcome.Ok);
        return
        [
            probed.Count == 0 && dashboard.Results.FirstOrDefault(result => result.Outcome == Outcome.Captured) is { } captured
                ? Captured(captured)
            : probed.Count == 0 ? CheckLine.Skipped("not asked: the connection is not accepted")
            : fault is null ? CheckLine.Pass("GET /healthz is answered with 200")
            : fault.Outcome is Outcome.WrongCertificate or Outcome.ExpiredCertificate
                ? CheckLine.Skipped("not asked: its certificate is not trusted")
            : CheckLine.Fail($"{fault.Endpoint()} {fault.Detail}", $"is it the dashboard? If not: {DashboardConfigured.Fix}"),
        ];
    }
}
