using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Text;

namespace SmmAgent.Core.Status;

/// <summary>
/// The line that <c>systemctl status</c> shows: the verdict, the fix of the worst problem, and the problem. The fix comes before the
/// problem, because systemctl cuts the line at the width of the terminal.
/// </summary>
public static class StatusLine
{
    public const int MaximumLength = 200;

    private const string AttachedPrefix = "Attached ";

    // A longer command would be cut, and a part of a command must not be run.
    private const int LongestFix = 120;

    public static string Write(AgentSnapshot snapshot, IReadOnlyList<Condition> conditions, DateTimeOffset now) =>
        Write(snapshot, SnapshotAttachment.Evaluate(snapshot, conditions), now);

    public static string Write(AgentSnapshot snapshot, AttachmentVerdict attachment, DateTimeOffset now) => attachment switch
    {
        { Problems: { Count: > 0 } problems } => Line(
            Prefix(attachment.State), Text(problems[0], snapshot, now), problems.Count > 1 ? $" (+{problems.Count - 1} more)" : ""),
        { State: AttachmentState.Starting } => Line("Starting: ", $"waiting for {string.Join(", ", attachment.Pending)}"),
        _ => Line(AttachedPrefix, Attached(snapshot)),
    };

    /// <summary>Whether a line reports that the VM is attached.</summary>
    public static bool IsAttached(string line) => line.StartsWith(AttachedPrefix, StringComparison.Ordinal);

    private static string Prefix(AttachmentState state) => state switch
    {
        AttachmentState.NotConfigured => "Not configured: ",
        AttachmentState.NotAttached => "Not attached: ",
        _ => "Degraded: ",
    };

    private static string Text(AttachmentProblem problem, AgentSnapshot snapshot, DateTimeOffset now)
    {
        var fix = problem switch
        {
            { IsCommand: true, Fix: { Length: <= LongestFix } command } => $"run {command}; ",
            { Fix: not null } => "see smm-agent status; ",
            { Reason: { } reason } => $"see smm-agent explain {reason}; ",
            _ => "",
        };
        var down = problem.Condition == ConditionType.GatewaysReachable ? SnapshotAttachment.GatewayDown(snapshot) : null;
        var since = down?.Since ?? problem.Since;
        return $"{fix}{(down is null ? problem.Message : Gateway(down, snapshot))}"
            + (since is { } start ? $" (for {Age.Text(now - start)})" : "");
    }

    private static string Gateway(GatewayResult down, AgentSnapshot snapshot) =>
        $"{Kind(snapshot)} {HostPort.Text(down.Address, down.Port)} {Words(down.Outcome)}";

    private static string Kind(AgentSnapshot snapshot) =>
        snapshot.Reachability.Model == NetworkModel.SameNetwork ? "endpoint" : "gateway";

    private static string Words(Outcome outcome) => outcome switch
    {
        Outcome.Refused => "refused the connection",
        Outcome.Timeout => "did not answer",
        Outcome.Unreachable => "is unreachable",
        Outcome.NoSuchName => "has no address in DNS",
        Outcome.WrongCertificate => "has a wrong certificate",
        Outcome.ExpiredCertificate => "has an expired certificate",
        Outcome.NotReady => "is not ready",
        Outcome.Captured => "is hidden by the sidecar's capture",
        _ => outcome.Name(),
    };

    private static string Attached(AgentSnapshot snapshot)
    {
        var gateways = snapshot.Reachability.Gateways.GroupBy(result => (result.Name, result.Address)).ToList();
        var up = gateways.Count(gateway => gateway.All(result => result.Outcome == Outcome.Ok));
        var ports = snapshot.Ports.Ports;
        var open = ports.Count(port => port.Open == true);
        var portWords = snapshot.Ports.PortsOpen.Status != ConditionStatus.True ? "ports not checked"
            : open == ports.Count ? $"{open} ports open"
            : $"{open}/{ports.Count} ports open";
        return $"{snapshot.Group} as {snapshot.Address.Address?.Value.ToString() ?? "an unknown address"}; "
            + $"{up}/{gateways.Count} {Kind(snapshot)}s; {portWords}";
    }

    // A line break would start another variable of systemd's protocol.
    private static string Line(string prefix, string text, string suffix = "")
    {
        var length = MaximumLength - prefix.Length - suffix.Length;
        return OneLine.ReplaceUnprintable(prefix) + OneLine.ReplaceUnprintable(text, ' ', length) + OneLine.ReplaceUnprintable(suffix);
    }
}
