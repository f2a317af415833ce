using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;

namespace SmmAgent.Core.Status;

/// <summary>
/// Keeps a condition from becoming False too early. After a start of the agent, the sidecar or the host, and during a privileged
/// reconcile, it is Unknown until the first observation is complete. A condition that is already False stays False.
/// </summary>
public static class StartupConditions
{
    /// <summary>The time that a sidecar may need to be ready and registered before that counts as a failure.</summary>
    public static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);

    public const string Starting = nameof(Starting);

    private const string Asked = "a privileged reconcile is running or was requested: journalctl -u smm-agent-reconcile";

    // Reasons that the privileged reconcile fixes.
    private static readonly string[] OfRoot =
        [SidecarReasons.NotInstalled, SidecarReasons.NotRunning, SidecarReasons.NotWritten, SidecarReasons.RestartNeeded,
            SidecarReasons.TokenExpired,
        SidecarReasons.TokenUnusable];

    // Reasons that the dashboard reports for every VM whose sidecar is not connected yet.
    private static readonly string[] OfStart =
        [RegistrationReasons.NotConnected, ClusterViewRules.NotRegistered, SidecarReasons.SidecarNotRunning];

    /// <param name="before">The conditions as they were last reported.</param>
    /// <returns>The updates to report.</returns>
    public static IReadOnlyList<ConditionUpdate> Evaluate(AgentSnapshot snapshot, IReadOnlyList<Condition> before, DateTimeOffset now)
    {
        var known = before.Where(condition => condition.Status == nameof(ConditionStatus.False))
            .Select(condition => condition.Type).ToHashSet();
        List<ConditionUpdate> findings = [];
        foreach (var finding in snapshot.ConditionUpdates(now))
        {
            findings.Add(finding.Status != ConditionStatus.False || known.Contains(finding.Type) ? finding : finding.Type switch
            {
                ConditionType.PortsOpen when snapshot.Ports.IsFirstReconcilePending && finding.Reason == PortsDiagnosis.FirewalldNotOurs =>
                    Pending(finding, Asked),
                ConditionType.SidecarInstalled => Sidecar(snapshot, finding),
                ConditionType.SidecarCurrent => Current(snapshot, finding),
                ConditionType.SidecarRunning => Running(snapshot, finding, now),
                ConditionType.Registered => Registered(snapshot, findings, finding, now),
                _ => finding,
            });
        }

        return findings;
    }

    /// <summary>The time at which the result may change without another event; null for never.</summary>
    public static TimeSpan? DueIn(AgentSnapshot snapshot, DateTimeOffset now) =>
        IsStarting(snapshot.Sidecar, now) ? snapshot.Sidecar.Unit!.Since + StartTime - now : null;

    private static ConditionUpdate Sidecar(AgentSnapshot snapshot, ConditionUpdate finding) =>
        snapshot.Sidecar.IsReconcileDue && OfRoot.Contains(finding.Reason)
        ? Pending(finding, Asked)
        : finding;

    private static ConditionUpdate Current(AgentSnapshot snapshot, ConditionUpdate finding) =>
        finding.Reason == ConfigurationFault.AddressUnknown && snapshot.Address.AddressKnown.Reason == ConditionUpdate.Pending
            ? Pending(finding, "the address under which the cluster reaches this VM is not known yet")
            : Sidecar(snapshot, finding);

    private static ConditionUpdate Running(AgentSnapshot snapshot, ConditionUpdate finding, DateTimeOffset now) => finding.Reason switch
    {
        Starting when !snapshot.Sidecar.IsFailing => finding with { Status = ConditionStatus.Unknown },
        SidecarReasons.NotReady when IsStarting(snapshot.Sidecar, now) =>
            ConditionUpdate.Unknown(finding.Type, Starting,
                $"the sidecar was started less than {StartTime.TotalSeconds:0} s ago and is not ready yet"),
        _ => Sidecar(snapshot, finding),
    };

    private static ConditionUpdate Registered(AgentSnapshot snapshot, List<ConditionUpdate> findings, ConditionUpdate finding,
        DateTimeOffset now) =>
        OfStart.Contains(finding.Reason)
        && (IsStarting(snapshot.Sidecar, now) || findings.Exists(
            running => running is
            {
                Type: ConditionType.SidecarRunning, Status: ConditionStatus.Unknown,
                Reason: ConditionUpdate.Pending or Starting
            }))
            ? Pending(finding, "the sidecar is being started and will then register this VM: see SidecarRunning")
            : finding;

    private static bool IsStarting(SidecarState sidecar, DateTimeOffset now) =>
        !sidecar.IsFailing && sidecar.Unit is { Activity: UnitActivity.Running, Since: { } since } && (now - since).Duration() < StartTime;

    private static ConditionUpdate Pending(ConditionUpdate finding, string message) =>
        ConditionUpdate.Unknown(finding.Type, ConditionUpdate.Pending, message);
}
