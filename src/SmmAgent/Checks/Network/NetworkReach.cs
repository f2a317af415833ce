using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Checks.Network;

/// <summary>Probes every port of every meshexpansion gateway, or every direct endpoint, and measures the connection time.</summary>
internal sealed class NetworkReach() : Check("network-reach", CheckGroup.NetworkModel, "Reached")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var gateways = await context.Gateways;
        if (gateways.Plan is not { } plan)
        {
            var line = context.Daemon.LineFor(ConditionType.GatewaysReachable, "see the gateways in: smm-agent status");
            return [line ?? (await context.Mesh).MissingLine];
        }

        if (plan.Targets.Count == 0)
            return [Nothing(plan, context)];

        var broken = ReachabilityConditions.Broken(gateways.Results.Where(result => result.Outcome != Outcome.Captured).ToArray())
                .ToHashSet();
        var own = (await context.OwnTraffic).Blockers;
        var captureFix = Environment.IsPrivilegedProcess ? CaptureBypass.Remediation((await context.Mesh).Config) : AsRoot;
        return
        [
            .. gateways.Results.Select(result => Line(result, broken, own, captureFix) with
            {
                Subject = $"{result.Target.Name} {result.Endpoint()}",
                LatencyMs = result.Latency is { } latency ? Math.Round(latency.TotalMilliseconds, 1) : null,
            }),
            .. gateways.LeftOut > 0
                ? [CheckLine.Skipped($"{gateways.LeftOut} more ports were not probed, because they are too many")]
                : (CheckLine[])[],
        ];
    }

    private static CheckLine Nothing(ReachabilityPlan plan, CheckContext context)
    {
        var finding = ReachabilityConditions.Gateways(plan, [], 0, context.Time.GetUtcNow(), []);
        return plan.Model == Contract.NetworkModel.SameNetwork
            ? CheckLine.Skipped(finding.Message)
            : CheckLine.Fail("the mesh has no meshexpansion gateway with an address", "turn mesh expansion on in the control plane");
    }

    private static CheckLine Line(
        ProbeResult result, HashSet<ProbeResult> broken, IReadOnlyList<OwnTrafficBlocker> own, string captureFix) => result switch
        {
            { Outcome: Outcome.Ok, Latency: { } latency } => CheckLine.Pass($"answers in {latency.TotalMilliseconds:0.0} ms"),
            { Outcome: Outcome.Ok } => CheckLine.Pass("answers"),
            { Outcome: Outcome.Captured } => CheckLine.Skipped(result.Detail!, captureFix),
            { NoRoute: true } when !broken.Contains(result) => CheckLine.Skipped("this VM has no route to addresses of this family"),
            _ => new(
                broken.Contains(result) ? CheckStatus.Fail : CheckStatus.Warn,
                OwnTrafficObservation.Describe(own, result, result.Detail ?? result.Outcome.Name()),
                OwnTrafficObservation.Fix(own, result)),
        };
}
