using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Proxies;

namespace SmmAgent.Checks.Dashboard;

/// <summary>Checks that the dashboard's port accepts connections at each of its addresses.</summary>
internal sealed class DashboardReachable() : DashboardCheck("dashboard-reachable", "Connection")
{
    protected override IReadOnlyList<CheckLine> Evaluate(Uri url, DashboardObservation dashboard, DateTimeOffset now) =>
        Lines(dashboard, ProxyEnvironment.Note(url, dashboard.Proxy));

    internal static IReadOnlyList<CheckLine> Lines(DashboardObservation dashboard, string proxyNote)
    {
        if (IsWithoutAuthorities(dashboard.Results[0]))
            return [CheckLine.Skipped("not tried: dashboard.caFile cannot be used")];
        if (IsUnresolved(dashboard.Results[0]))
            return [CheckLine.Skipped("not tried: the name does not resolve")];

        var isReached = dashboard.Results.Any(result => result.Latency is not null);
        return
            dashboard.Results.Select(result => Line(result, isReached, dashboard.Own, proxyNote) with
            {
                Subject = HostPort.Text(result.Address, result.Target.Port),
            }).ToArray();
    }

    private static CheckLine Line(
        ProbeResult result, bool isReached, IReadOnlyList<OwnTrafficBlocker> own, string proxyNote) => result switch
        {
            { Latency: { } latency } => CheckLine.Pass($"accepted the connection in {latency.TotalMilliseconds:0.#} ms") with
            {
                LatencyMs = latency.TotalMilliseconds,
            },
            { Outcome: Outcome.Captured } => Captured(result),
            _ when isReached => CheckLine.Warn(
                OwnTrafficObservation.Describe(own, result, $"{result.Detail}, but another address of it is reached"),
                OwnTrafficObservation.Fix(own, result)),
            _ => CheckLine.Fail(
                OwnTrafficObservation.Describe(own, result, result.Detail ?? "did not answer") + proxyNote,
                OwnTrafficObservation.Fix(own, result)),
        };
}
