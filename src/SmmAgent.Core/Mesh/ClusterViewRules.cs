using System.Globalization;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Mesh;

/// <summary>Evaluates conditions from the dashboard's responses.</summary>
public static class ClusterViewRules
{
    // A sentence with a command that names a WorkloadEntry twice, each up to 253 characters.
    private const int MostShown = 800;

    public const string Reached = nameof(Reached);
    public const string NotRegistered = nameof(NotRegistered);

    /// <summary>Two hosts report with one uuid and key, so the cluster's information about it may belong to either host.</summary>
    public const string DuplicateIdentity = nameof(DuplicateIdentity);

    /// <summary>The ports that the dashboard is asked to dial: it dials the agent's own and the WorkloadGroup's, no other.</summary>
    public static IReadOnlyDictionary<int, string> PortsToDial(IReadOnlyList<int> managementPorts, WorkloadGroup group)
    {
        // A management port of another number is dialled only as a port of the group.
        var known = DesiredPorts.From(managementPorts, group)
            .Where(port => port.Captured || port.Port is DashboardApi.AgentPort or DashboardApi.SidecarMetricsPort
                || group.Ports.Values.Contains(port.Port));
        // If a group has more ports than one call allows, the first ones are dialled instead of none.
        var dialled = known.OrderBy(port => port.Captured).Take(DashboardApi.MaximumDialBackPorts)
            .ToDictionary(port => port.Port, port => port.Name);
        return new SortedDictionary<int, string>(dialled);
    }

    /// <param name="names">The requested ports and their names.</param>
    /// <param name="listens">Whether anything on the VM listens on a port.</param>
    public static ConditionUpdate ReachableFromCluster(
        DialBackResponse answer, IReadOnlyDictionary<int, string> names, Func<int, bool> listens)
    {
        var results = answer.Results.Where(result => names.ContainsKey(result.Port)).OrderBy(result => result.Port).ToList();
        var from = $"the cluster {NameRules.Shown(answer.FromCluster)}";
        var failed = results.Where(result => !result.Reachable).ToList();
        if (results.Count == 0)
            return ConditionUpdate.Unknown(ConditionType.ReachableFromCluster, "NotAsked", "the dashboard dialled no port of this VM");

        var agent = results.FirstOrDefault(result => result.Port == DashboardApi.AgentPort);
        var decisive = agent is { Reachable: false } ? agent : failed.Count == results.Count ? failed[0] : null;
        var shown = string.Join("; ", failed.Take(8).Select(result => Describe(result, names[result.Port], listens)))
            + (failed.Count > 8 ? $"; and {failed.Count - 8} more ports" : "");
        var address = NameRules.Shown(answer.Address);
        if (decisive is not null)
            return ConditionUpdate.False(
                ConditionType.ReachableFromCluster, Reason(decisive.Error), $"{from} does not reach this VM at {address}: {shown}");

        return failed.Count > 0
            ? ConditionUpdate.True(ConditionType.ReachableFromCluster, ConditionUpdate.Degraded,
                $"{from} reaches this VM at {address}, but not every port: {shown}")
            : ConditionUpdate.True(ConditionType.ReachableFromCluster, Reached,
                string.Create(CultureInfo.InvariantCulture, $"{from} reaches all {results.Count} ports of this VM at {address}"));
    }

    /// <summary>The update for a condition that could not be requested from the dashboard, or that it refused.</summary>
    /// <param name="reason">Why: a reason of a failed call.</param>
    public static ConditionUpdate NotAnswered(string type, string reason, string message) =>
        reason == DuplicateIdentity && type != ConditionType.Healthy ? ConditionUpdate.False(type, reason, message)
        : ConditionUpdate.Unknown(type, reason, message);

    public static ConditionUpdate Registered(Registration answer) => answer.Registered
        ? ConditionUpdate.True(ConditionType.Registered, RegistrationReasons.Registered,
            $"workloadentry {NameRules.Shown(answer.WorkloadEntry ?? "")} is registered")
        : ConditionUpdate.False(
            ConditionType.Registered, ReasonOf(answer), Shown(answer.Message, "the mesh has no WorkloadEntry for this VM"));

    public static ConditionUpdate Healthy(Registration answer) => (answer.Registered, answer.Healthy) switch
    {
        (false, _) => ConditionUpdate.Unknown(ConditionType.Healthy, NotRegistered, "health is known only after registration"),
        (_, "True") => ConditionUpdate.True(ConditionType.Healthy, "Healthy", "the WorkloadEntry is healthy"),
        (_, "False") => ConditionUpdate.False(ConditionType.Healthy, "Unhealthy",
            Shown(answer.Message, "the WorkloadEntry is unhealthy: the WorkloadGroup's probe fails on this VM")),
        _ => ConditionUpdate.Unknown(
            ConditionType.Healthy, "NoProbe", Shown(answer.Message, "the mesh does not report the WorkloadEntry's health")),
    };

    private static string ReasonOf(Registration answer) => answer.Reason is RegistrationReasons.NotConnected
        or RegistrationReasons.TokenRefused or RegistrationReasons.GroupNotFound or RegistrationReasons.IdentityMismatch
        or RegistrationReasons.NameInvalid or RegistrationReasons.StaleEntry ? answer.Reason : NotRegistered;

    private static string Shown(string text, string otherwise)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        return line.Length == 0 ? otherwise : OneLine.ReplaceUnprintable(line, '?', MostShown);
    }

    private static string Reason(string? error) => error switch
    {
        DialBackErrors.Refused => "Refused",
        DialBackErrors.Timeout => "TimedOut",
        DialBackErrors.WrongHost => "WrongHost",
        _ => "Unreachable",
    };

    private static string Describe(DialBackResult result, string name, Func<int, bool> listens)
    {
        var what = result.Error switch
        {
            DialBackErrors.Refused when result.Port is not (DashboardApi.AgentPort or DashboardApi.SidecarMetricsPort)
                && !listens(result.Port) =>
                "refused, because nothing on this VM listens on it: start the workload",
            DialBackErrors.Refused => "refused: a firewall on the path rejects it, or the address belongs to another host",
            DialBackErrors.Timeout => "timed out: a firewall or security group on the path drops it",
            DialBackErrors.WrongHost => "another host answered: set the right address with sudo smm-agent set node-ip ADDRESS",
            _ => "no route from the cluster to this address",
        };
        return string.Create(CultureInfo.InvariantCulture, $"port {result.Port} ({name}) {what}");
    }
}
