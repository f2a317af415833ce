using SmmAgent.Contract;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Tests.Conditions;

public sealed class ConditionCausesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static TheoryData<string, string, string> Cases => new()
    {
        {
            "a gateway that is down explains the sidecar and the registration",
            "GatewaysReachable False Refused, SidecarRunning False NotReady, Registered False GatewayUnreachable, Healthy "
                + "Unknown NotRegistered",
            "GatewaysReachable: SidecarRunning Registered Healthy"
        },
        {
            "a dashboard that is down explains everything that only the dashboard knows",
            "ConfigCurrent False DashboardUnreachable, DashboardReachable False TimedOut, ReachableFromCluster Unknown "
                + "DashboardUnreachable, "
                + "Registered Unknown DashboardUnreachable, Healthy Unknown DashboardUnreachable",
            "DashboardReachable: ConfigCurrent ReachableFromCluster Registered Healthy"
        },
        {
            "an expired token is the cause, not the refusal",
            "ConfigCurrent False TokenRefused, TokenCurrent False TokenExpired, Registered Unknown TokenRefused",
            "TokenCurrent: ConfigCurrent Registered"
        },
        {
            "a refusal of a token that has not expired is its own cause",
            "ConfigCurrent False TokenRefused, Registered Unknown TokenRefused, Healthy Unknown TokenRefused",
            "ConfigCurrent: Registered Healthy"
        },
        {
            "the control plane's refusal is not the dashboard's",
            "ConfigCurrent False TokenRefused, SidecarRunning False NotReady, Registered False TokenRefused",
            "ConfigCurrent:; Registered: SidecarRunning"
        },
        {
            "closed ports explain a dial-back that fails",
            "PortsOpen False NotOpen, ReachableFromCluster False TimedOut", "PortsOpen: ReachableFromCluster"
        },
        {
            "another host that answers is not explained by closed ports",
            "PortsOpen False NotOpen, ReachableFromCluster False WrongHost", "PortsOpen:; ReachableFromCluster:"
        },
        {
            "a sidecar that is not installed explains all that needs it",
            "SidecarInstalled False NotOffered, SidecarCurrent Unknown NotInstalled, SidecarRunning False NotInstalled, "
                + "Registered False NotConnected, Healthy Unknown NotRegistered",
            "SidecarInstalled: SidecarCurrent SidecarRunning Registered Healthy"
        },
        {
            "a port that is taken is shown where the log is",
            "SidecarCurrent Unknown NotRunning, SidecarRunning False CrashLoop, Registered False PortTaken, Healthy Unknown NotRegistered",
            "SidecarRunning: SidecarCurrent Registered Healthy"
        },
        {
            "a wrong clock explains a sidecar that is not ready",
            "SidecarRunning False NotReady, Registered False ClockWrong", "Registered: SidecarRunning"
        },
        {
            "an unknown address explains configuration and dial-back",
            "AddressKnown False NoProviderAnswered, ReachableFromCluster Unknown NoAddress, SidecarCurrent False AddressUnknown",
            "AddressKnown: ReachableFromCluster SidecarCurrent"
        },
        {
            "dropped replies explain all connections of the VM",
            "ConfigCurrent False DashboardUnreachable, DashboardReachable False RepliesDropped, AddressKnown False NoProviderAnswered, "
                + "GatewaysReachable False RepliesDropped",
            "GatewaysReachable: ConfigCurrent DashboardReachable AddressKnown"
        },
        {
            "a restart that is needed is reported once",
            "SidecarCurrent False RestartNeeded, Registered False RestartNeeded", "SidecarCurrent: Registered"
        },
        {
            "a copy of a machine is reported once",
            "ReachableFromCluster False DuplicateIdentity, Registered False DuplicateIdentity, Healthy Unknown DuplicateIdentity",
            "ReachableFromCluster: Registered Healthy"
        },
        {
            "missing settings are reported once",
            "ConfigCurrent False NotConfigured, TokenCurrent Unknown NotConfigured, AddressKnown Unknown NotConfigured, PortsOpen "
                + "Unknown NotConfigured",
            "ConfigCurrent: TokenCurrent AddressKnown PortsOpen"
        },
        { "a degraded condition explains nothing", "GatewaysReachable True Degraded, SidecarRunning False NotReady", "SidecarRunning:" },
        {
            "independent problems stay apart",
            "PortsOpen False IptablesMissing, SidecarCurrent False CaptureOff", "PortsOpen:; SidecarCurrent:"
        },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void EachProblemIsListedOnceBelowItsCause(string name, string conditions, string causes)
    {
        var all = Parse(conditions);

        var found = ConditionCauses.Find(all, all.Where(condition => condition.Status == "False"))
            .Select(cause => $"{cause.Cause.Type}:{string.Concat(cause.Effects.Select(effect => $" {effect.Type}"))}").Order();

        Assert.True(string.Join("; ", found) == causes, $"{name}: {string.Join("; ", found)}");
    }

    // Every pair and every triple of documented reasons: the chain of causes ends.
    [Fact]
    public void CausesHaveNoCycle()
    {
        var all = ConditionReference.BuiltIn.Conditions.SelectMany(section =>
            ConditionReference.BuiltIn.Sections.Where(other => !ConditionType.All.Contains(other.Title)).Append(section)
                .SelectMany(rows => rows.Reasons)
                .SelectMany(row => row.Statuses.Split(", ").Where(status => status != "True")
                    .Select(status => Create(section.Title, status, row.Reason)))).Distinct().ToList();
        var edges = (from effect in all
                     from cause in all
                     where ConditionCauses.Of(effect, [cause]) is not null
                     select (effect, cause)).ToList();
        var next = edges.ToLookup(edge => edge.effect, edge => edge.cause);

        Assert.True(all.Count > 150, $"{all.Count}");
        Assert.All(all, condition => Assert.False(Reaches(condition, condition, [])));

        // Within one set of conditions, a type has one reason: a path through two reasons of a type cannot occur.
        bool Reaches(Condition from, Condition target, HashSet<string> types) => next[from].Any(cause =>
            cause == target || (!types.Contains(cause.Type) && Reaches(cause, target, [.. types, cause.Type])));
    }

    [Fact]
    public void RootIsTheConditionItselfWithoutACause()
    {
        var healthy = Create("PortsOpen", "True", "Open");

        Assert.Same(healthy, ConditionCauses.Root(healthy, [healthy]));
    }

    private static List<Condition> Parse(string text) =>
        [.. text.Split(", ").Select(one => one.Split(' ')).Select(parts => Create(parts[0], parts[1], parts[2]))];

    private static Condition Create(string type, string status, string reason) =>
        new() { Type = type, Status = status, Reason = reason, Message = "m", LastTransitionTime = Now };
}
