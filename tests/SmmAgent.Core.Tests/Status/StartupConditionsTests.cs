using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Status;

namespace SmmAgent.Core.Tests.Status;

public sealed class StartupConditionsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(ConditionType.SidecarInstalled, "NotInstalled", true)]
    [InlineData(ConditionType.SidecarCurrent, "NotWritten", true)]
    [InlineData(ConditionType.SidecarRunning, "NotRunning", true)]
    [InlineData(ConditionType.SidecarInstalled, "NotOffered", false)]
    [InlineData(ConditionType.SidecarCurrent, "ConfigurationInvalid", false)]
    [InlineData(ConditionType.SidecarRunning, "CrashLoop", false)]
    public void ConditionThatThePrivilegedReconcileWillFixIsUnknown(string type, string reason, bool isPending)
    {
        var state = Sidecar(type, reason) with { IsReconcileDue = true };

        Assert.Equal(isPending ? "Unknown Pending" : $"False {reason}", Of(state, type));
        Assert.Equal($"False {reason}", Of(state with { IsReconcileDue = false }, type));
    }

    [Theory]
    [InlineData("FirewalldNotOurs", true)]
    [InlineData("NotOpen", false)]
    public void PortsAreUnknownUntilThePrivilegedReconcileHasReported(string reason, bool isPending)
    {
        var ports = new PortsState(
            [], ConditionUpdate.False(ConditionType.PortsOpen, reason, "firewalld's zone public does not let 8080 in"));

        Assert.Equal(isPending ? "Unknown Pending" : $"False {reason}",
            Of(new AgentSnapshot { Ports = ports with { IsFirstReconcilePending = true } }, ConditionType.PortsOpen, []));
        Assert.Equal($"False {reason}", Of(new AgentSnapshot { Ports = ports }, ConditionType.PortsOpen, []));
    }

    [Fact]
    public void ConditionThatIsAlreadyFalseStaysFalse()
    {
        var state = Sidecar(ConditionType.SidecarInstalled, "NotInstalled") with { IsReconcileDue = true };

        Assert.Equal("False NotInstalled", Of(state, ConditionType.SidecarInstalled, Before(ConditionType.SidecarInstalled, "False")));
        Assert.Equal("Unknown Pending", Of(state, ConditionType.SidecarInstalled, Before(ConditionType.SidecarInstalled, "True")));
    }

    [Theory]
    [InlineData("NotReady", 29, false, "Unknown Starting")]
    [InlineData("NotReady", 30, false, "False NotReady")]
    [InlineData("NotReady", -3600, false, "False NotReady")] // the clock was set back
    [InlineData("NotReady", 5, true, "False NotReady")]
    public void SidecarThatWasJustStartedIsStartingUnlessItFails(string reason, int seconds, bool isFailing, string expected)
    {
        var state = Sidecar(ConditionType.SidecarRunning, reason) with
        {
            Unit = new(UnitActivity.Running, IsEnabled: true, IsReady: false, Now.AddSeconds(-seconds)),
            IsFailing = isFailing,
        };

        Assert.Equal(expected, Of(state, ConditionType.SidecarRunning));
    }

    [Theory]
    [InlineData(false, "Unknown Starting")]
    [InlineData(true, "False Starting")]
    public void UnitThatSystemdStartsIsFalseOnlyAfterAFailure(bool isFailing, string expected) =>
        Assert.Equal(
            expected, Of(Sidecar(ConditionType.SidecarRunning, "Starting") with { IsFailing = isFailing }, ConditionType.SidecarRunning));

    [Theory]
    [InlineData(5, "NotConnected", "Unknown Pending")]
    [InlineData(5, "TokenRefused", "False TokenRefused")]
    [InlineData(31, "NotConnected", "False NotConnected")]
    public void RegistrationIsUnknownAfterAStartUnlessTheCauseIsKnown(int seconds, string reason, string expected)
    {
        var snapshot = new AgentSnapshot
        {
            Sidecar = new SidecarState([ConditionUpdate.True(ConditionType.SidecarRunning, "Running", "it runs")])
            {
                Unit = new(UnitActivity.Running, IsEnabled: true, IsReady: true, Now.AddSeconds(-seconds)),
            },
            Cluster = Core.Mesh.ClusterViewState.Initial
                with
            { Registered = ConditionUpdate.False(ConditionType.Registered, reason, "the dashboard says so") },
        };

        Assert.Equal(expected, Of(snapshot, ConditionType.Registered, []));
        Assert.Equal(seconds < 30 ? TimeSpan.FromSeconds(30 - seconds) : null, StartupConditions.DueIn(snapshot, Now));
    }

    private static SidecarState Sidecar(string type, string reason) => new([ConditionUpdate.False(type, reason, "it is not")]);

    private static IReadOnlyList<Condition> Before(string type, string status) =>
        [new() { Type = type, Status = status, Reason = "Before", Message = "", LastTransitionTime = Now }];

    private static string Of(SidecarState sidecar, string type, IReadOnlyList<Condition>? before = null) =>
        Of(new AgentSnapshot { Sidecar = sidecar }, type, before ?? []);

    private static string Of(AgentSnapshot snapshot, string type, IReadOnlyList<Condition> before) =>
        StartupConditions.Evaluate(snapshot, before, Now).Single(finding => finding.Type == type) is var finding
        ? $"{finding.Status} {finding.Reason}" : "";
}
