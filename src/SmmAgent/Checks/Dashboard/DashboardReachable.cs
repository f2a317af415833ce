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
    protected override IReadOnlyList<CheckLine> Evaluate(Uri url, DashboardObservation look, DateTimeOffset now) =>
        Lines(look, ProxyEnvironment.Note(url, look.Proxy));

    internal static IReadOnlyList<CheckLine> Lines(DashboardObservation look, string proxyNote)
    {
        if (IsWithoutAuthorities(look.Results[0]))
            return [CheckLine.Skipped("not tried: dashboard.caFile cannot be used")];
        if (IsUnresolved(look.Results[0]))
            return [CheckLine.Skipped("not tried: the name does not resolve")];

        var isReached = look.Results.Any(result => result.Latency is not null);
        return
        [
            .. look.Results.Select(result => Line(result, isReached, look.Own, proxyNote) with
            {
                Subject = HostPort.Text(result.Address, result.Target.Port),
            }),
        ];
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
                OwnTrafficObservation.Cure(own, result)),
            _ => CheckLine.Fail(
                OwnTrafficObservation.Describe(own, result, result.Detail ?? "did not answer") + proxyNote,
                OwnTrafficObservation.Cure(own, result)),
        };
}
