using SmmAgent.Checks.Dashboard;
using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Tests.Checks.Dashboard;

public sealed class DashboardReachableTests
{
    private static readonly ProbeTarget Target = new("dashboard", "smm.example.com", 443, ProbeKind.Tcp, Essential: true);

    [Fact]
    public void AProxyThatIsNotUsedIsNamedWhereNothingIsReached()
    {
        var refused = new ProbeResult(Target, "198.18.0.1", Outcome.Refused, "refused the connection");
        var reached = new ProbeResult(Target, "198.18.0.2", Outcome.Ok, null) { Latency = TimeSpan.FromMilliseconds(1) };

        Assert.Equal("refused the connection; the proxy is not used", Assert.Single(Lines(refused)).Found);
        Assert.DoesNotContain(Lines(refused, reached), line => line.Found.Contains("proxy", StringComparison.Ordinal));
    }

    private static IReadOnlyList<CheckLine> Lines(params ProbeResult[] results) =>
        DashboardReachable.Lines(new DashboardObservation(results, null), "; the proxy is not used");
}
