using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.Ports;

/// <summary>Checks whether this host's firewall allows the VM's own connections and their replies.</summary>
internal sealed class PortsOwnTraffic() : Check("ports-own-traffic", CheckGroup.Ports, "Own connections")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        if ((await context.Firewall).UnreadableLine is { } unreadable)
            return [CheckLine.Skipped(unreadable.Found, unreadable.Remediation)];

        var verdict = await context.OwnTraffic;
        if (verdict.Blockers.Count > 0)
            return verdict.Blockers.Select(obstacle => CheckLine.Fail(obstacle.Problem, obstacle.Remediation)).Distinct().ToArray();

        return [verdict.UnclearReason is { } reason
            ? CheckLine.Skipped($"not evaluated: {reason}")
            : CheckLine.Pass("the firewall lets the VM's own connections out, and the replies to them in")];
    }
}
