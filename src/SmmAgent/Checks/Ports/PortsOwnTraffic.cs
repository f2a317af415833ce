using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.Ports;

/// <summary>Whether this host's firewall lets the VM's own connections out, and the replies to them in.</summary>
internal sealed class PortsOwnTraffic() : Check("ports-own-traffic", CheckGroup.Ports, "Own connections")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        if ((await context.Firewall).UnreadableLine is { } unseen)
            return [CheckLine.Skipped(unseen.Found, unseen.Remediation)];

        var verdict = await context.OwnTraffic;
        if (verdict.Blockers.Count > 0)
            return [.. verdict.Blockers.Select(obstacle => CheckLine.Fail(obstacle.Problem, obstacle.Remediation)).Distinct()];

        return [verdict.UnclearReason is { } why
            ? CheckLine.Skipped($"not judged: {why}")
            : CheckLine.Pass("the firewall lets the VM's own connections out, and the replies to them in")];
    }
}
