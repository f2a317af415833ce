using CsCheck;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Host;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Sidecar.Status;

public sealed class RegistrationExplanationTests
{
    private static readonly ConditionUpdate Registered = ConditionUpdate.True(
        ConditionType.Registered, RegistrationReasons.Registered, "workloadentry x is registered");
    private static readonly ConditionUpdate Away = ConditionUpdate.Unknown(ConditionType.Registered, "DashboardUnreachable", "no answer");
    private static readonly ConditionUpdate NotConnected = Denied(RegistrationReasons.NotConnected);

    private static readonly SidecarUnit Ready = new(UnitActivity.Running, IsEnabled: true, IsReady: true, Since: null);
    private static readonly SidecarUnit Running = Ready with { IsReady = false };

    private static readonly IstioToken Good = new(TokenVerdict.Use, "the istio-token is good", null);
    private static readonly IstioToken Expired = new(TokenVerdict.Expired, "the istio-token expired at noon", null);
    private static readonly IstioToken NoToken = new(TokenVerdict.Unusable, "there is no istio-token", null);

    private static readonly ConditionUpdate GatewaysGood = ConditionUpdate.True(ConditionType.GatewaysReachable, "Reachable", "all answer");
    private static readonly ConditionUpdate GatewaysDown = ConditionUpdate.False(
        ConditionType.GatewaysReachable, "TimedOut", "gateway 10.10.10.11:15012 does not answer; allow it");

    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ClockOffset Right = new(TimeSpan.FromSeconds(3));
    private static readonly ClockOffset Late = new(TimeSpan.FromHours(3));

    private static readonly RegistrationObservation Nothing = new(NotConnected, Running, Good, null, GatewaysGood, Right);

    [Fact]
    public void RegisteredVmStaysRegisteredDespiteTheLog() =>
        Assert.Same(
            Registered, RegistrationExplanation.Explain(
                new(Registered, Ready, Expired, Failure(SidecarFailureKind.TokenRefused), GatewaysDown, Late)));

    [Theory]
    [InlineData(UnitActivity.Stopped, "SidecarNotRunning")]
    [InlineData(UnitActivity.Failed, "SidecarNotRunning")]
    [InlineData(UnitActivity.Starting, "Registered")]
    public void StoppedSidecarIsNotRegisteredDespiteTheDashboardsAnswer(UnitActivity activity, string reason) =>
        Assert.Equal(
            reason, RegistrationExplanation.Explain(
                Nothing with { Dashboard = Registered, Sidecar = Running with { Activity = activity } }).Reason);

    [Theory]
    [InlineData(SidecarFailureKind.GroupNotFound, -30, 0, -29, "GroupNotFound")] // the entry was there before it failed
    [InlineData(SidecarFailureKind.GroupNotFound, -30, 0, -11, "GroupNotFound")] // the entry lives for 10 s more
    [InlineData(SidecarFailureKind.GroupNotFound, -30, 0, -9, "Registered")] // the answer came after that
    [InlineData(SidecarFailureKind.Unreachable, -5, 0, -60, "Registered")] // it reconnects regularly
    [InlineData(SidecarFailureKind.PortTaken, -5, -5, -60, "PortTaken")] // this is logged only once
    public void DashboardsAnswerFromBeforeALastingFailureDoesNotCount(
        SidecarFailureKind kind, int since, int newest, int answered, string reason)
    {
        var failure = Failure(kind) with { Since = Now.AddSeconds(since), Time = Now.AddSeconds(newest) };
        Assert.Equal(
            reason, RegistrationExplanation.Explain(
                Nothing with { Dashboard = Registered, Failure = failure, AnsweredAt = Now.AddSeconds(answered) }).Reason);
    }

    [Fact]
    public void OldFilesAreNamedBeforeAnyGuessAboutTheControlPlane()
    {
        foreach (var reason in new[] { "RestartNeeded", "NotWritten" })
        {
            var old = Nothing with
            {
                Current = ConditionUpdate.False(
                ConditionType.SidecarCurrent, reason, "sudo systemctl restart istio")
            };
            foreach (var kind in Enum.GetValues<SidecarFailureKind>())
            {
                var isOfThisHost = kind is SidecarFailureKind.PortTaken or SidecarFailureKind.CaptureFailed;
                Assert.Equal(!isOfThisHost, RegistrationExplanation.Explain(old with { Failure = Failure(kind) }).Reason == reason);
            }

            Expect(reason, "sudo systemctl restart istio", old with { Gateways = GatewaysDown });
            Expect(reason, "sudo systemctl restart istio", old with { Dashboard = Denied(RegistrationReasons.IdentityMismatch) });
            Expect(RegistrationReasons.TokenRefused, "the dashboard's words",
                old with { Dashboard = Denied(RegistrationReasons.TokenRefused) });
            Assert.Same(Registered, RegistrationExplanation.Explain(old with { Dashboard = Registered }));
        }
    }

    [Fact]
    public void NewTokenThatIsRefusedAsWellIsNotTheCause()
    {
        var observation = Nothing with { Failure = Failure(SidecarFailureKind.TokenRefused) with { Time = Now } };
        Expect("TokenRefused", "the agent automatically fetches a new one from the dashboard", observation);
        Expect("TokenRefused", "the agent automatically fetches a new one", observation with { RefusedToken = new(1, Now.AddSeconds(-4)) });
        Expect("TokenRefused", "compare the mesh's clusterId with CLUSTER_ID of the istiod Deployment",
            observation with { RefusedToken = new(1, Now.AddSeconds(-5)) });
    }

    [Theory]
    [InlineData(ConditionUpdate.Pending)]
    [InlineData(ConditionUpdate.NotConfigured)]
    [InlineData(ConditionUpdate.Disabled)]
    public void UnobservedSidecarIsNotExplained(string reason)
    {
        var finding = ConditionUpdate.Unknown(ConditionType.Registered, reason, "not yet");
        Assert.Same(
            finding, RegistrationExplanation.Explain(Nothing with { Dashboard = finding, Token = Expired, Gateways = GatewaysDown }));
    }

    [Fact]
    public void UnreachableDashboardLeavesAHealthySidecarUnknown()
    {
        Assert.Same(Away, RegistrationExplanation.Explain(Nothing with { Dashboard = Away, Sidecar = Ready }));
        Assert.Same(
            Away, RegistrationExplanation.Explain(
                Nothing with { Dashboard = Away, Sidecar = Ready, Gateways = GatewaysDown, Clock = Late }));
        Assert.Same(Away, RegistrationExplanation.Explain(new(Away, null, null, null, GatewaysDown, null)));
        Assert.Same(Away, RegistrationExplanation.Explain(Nothing with { Dashboard = Away }));
    }

    [Fact]
    public void ExpiredTokenIsTheCauseAlsoWithoutTheDashboard()
    {
        Expect("TokenExpired", "the istio-token expired at noon", Nothing with { Dashboard = Away, Sidecar = Ready, Token = Expired });
        Expect("TokenExpired", "the istio-token expired at noon",
            Nothing with { Token = Expired, Failure = Failure(SidecarFailureKind.TokenRefused) });
        Expect("TokenUnusable", "there is no istio-token", Nothing with { Token = NoToken });
        Expect("TokenUnusable", "there is no istio-token",
            Nothing with { Token = NoToken, Failure = Failure(SidecarFailureKind.TokenUnreadable) });
    }

    [Theory]
    [InlineData(RegistrationReasons.TokenRefused, SidecarFailureKind.TokenRefused, true)]
    [InlineData(RegistrationReasons.TokenRefused, SidecarFailureKind.TokenUnreadable, true)]
    [InlineData(RegistrationReasons.GroupNotFound, SidecarFailureKind.GroupNotFound, true)]
    [InlineData(RegistrationReasons.IdentityMismatch, SidecarFailureKind.IdentityMismatch, true)]
    [InlineData(RegistrationReasons.NameInvalid, SidecarFailureKind.NameInvalid, true)]
    [InlineData(RegistrationReasons.StaleEntry, SidecarFailureKind.Refused, false)]
    [InlineData(RegistrationReasons.GroupNotFound, SidecarFailureKind.Unreachable, false)]
    [InlineData(RegistrationReasons.NameInvalid, SidecarFailureKind.PortTaken, false)]
    public void DashboardsReasonTakesPrecedenceAndTheLogAddsDetails(string reason, SidecarFailureKind kind, bool says)
    {
        var finding = RegistrationExplanation.Explain(new(Denied(reason), Ready, Good, Failure(kind), GatewaysDown, Late));
        Assert.Equal((ConditionStatus.False, reason), (finding.Status, finding.Reason));
        Assert.Equal(says ? "the dashboard's words; the sidecar's log: the line" : "the dashboard's words", finding.Message);
    }

    [Fact]
    public void RefusedTokenThatHasExpiredIsReportedAsExpired() =>
        Expect(RegistrationReasons.TokenRefused, "the istio-token expired at noon",
            Nothing with { Dashboard = Denied(RegistrationReasons.TokenRefused), Token = Expired });

    [Theory]
    [InlineData(UnitActivity.Stopped, false)]
    [InlineData(UnitActivity.Failed, true)]
    [InlineData(UnitActivity.Starting, true)]
    public void SidecarThatDoesNotRunIsNotRegistered(UnitActivity activity, bool isExplained)
    {
        var observation = new RegistrationObservation(Away, Running with { Activity = activity }, Expired, null, GatewaysDown, Late);
        Expect("SidecarNotRunning", "see SidecarRunning", observation);
        var finding = RegistrationExplanation.Explain(observation with { Failure = Failure(SidecarFailureKind.PortTaken) });
        Assert.Equal(isExplained ? "PortTaken" : "SidecarNotRunning", finding.Reason);
        Assert.Equal(isExplained, finding.Message.EndsWith("; the sidecar's log: the line", StringComparison.Ordinal));
        var refused = RegistrationExplanation.Explain(observation with { Failure = Failure(SidecarFailureKind.TokenRefused) });
        Assert.Equal(("SidecarNotRunning", isExplained),
            (refused.Reason, refused.Message.EndsWith("; the sidecar's log: the line", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(SidecarFailureKind.ConfigurationInvalid, "ConfigurationInvalid")]
    [InlineData(SidecarFailureKind.CaptureFailed, "CaptureFailed")]
    [InlineData(SidecarFailureKind.PortTaken, "PortTaken")]
    [InlineData(SidecarFailureKind.TokenUnreadable, "TokenUnusable")]
    [InlineData(SidecarFailureKind.GroupNotFound, "GroupNotFound")]
    [InlineData(SidecarFailureKind.IdentityMismatch, "IdentityMismatch")]
    [InlineData(SidecarFailureKind.NameInvalid, "NameInvalid")]
    [InlineData(SidecarFailureKind.EntryExists, "StaleEntry")]
    [InlineData(SidecarFailureKind.CertificateTime, "ExpiredCertificate")]
    [InlineData(SidecarFailureKind.OtherName, "ControlPlaneNotTrusted")]
    [InlineData(SidecarFailureKind.NotTrusted, "ControlPlaneNotTrusted")]
    [InlineData(SidecarFailureKind.OwnCertificateRefused, "CertificateRefused")]
    [InlineData(SidecarFailureKind.NoSuchName, "NoSuchName")]
    [InlineData(SidecarFailureKind.TokenRefused, "TokenRefused")]
    [InlineData(SidecarFailureKind.Refused, "ControlPlaneRefused")]
    [InlineData(SidecarFailureKind.Unreachable, "GatewayUnreachable")]
    public void SidecarThatIsNotConnectedIsExplainedByItsLog(SidecarFailureKind kind, string reason)
    {
        var failure = Failure(kind);
        foreach (var dashboard in new[] { NotConnected, Denied("NotRegistered"), Away })
            Expect(reason, $"{failure.Description}; {failure.Remediation}; the sidecar's log: the line",
                Nothing with { Dashboard = dashboard, Failure = failure });
    }

    [Fact]
    public void GatewayThatTheAgentCannotReachIsReportedWithItsMessage()
    {
        Expect("GatewayUnreachable", $"{GatewaysDown.Message}; the sidecar's log: the line",
            Nothing with { Failure = Failure(SidecarFailureKind.Unreachable), Gateways = GatewaysDown });
        Expect("GatewayUnreachable", GatewaysDown.Message, Nothing with { Gateways = GatewaysDown });
        Expect("GatewayUnreachable", GatewaysDown.Message, Nothing with { Dashboard = Away, Gateways = GatewaysDown });
    }

    [Fact]
    public void WrongClockIsTheCauseOfWhatItBreaks()
    {
        Expect("ClockWrong", "this VM's clock is 3 h behind the dashboard's", Nothing with { Clock = Late });
        Expect("ClockWrong", "this VM's clock is 3 h behind the dashboard's",
            Nothing with { Clock = Late, Failure = Failure(SidecarFailureKind.CertificateTime) });
        Expect("ClockWrong", "this VM's clock is 3 h behind the dashboard's",
            Nothing with { Clock = Late, Failure = Failure(SidecarFailureKind.TokenRefused) });
        Expect("ClockWrong", "this VM's clock is 3 h ahead of the dashboard's", Nothing with { Clock = new(-Late.Ahead), Token = Expired });
        Expect("ClockWrong", "set the clock", Nothing with { Clock = null, Failure = Failure(SidecarFailureKind.CertificateTime) });
        Expect("PortTaken", "another program", Nothing with { Clock = Late, Failure = Failure(SidecarFailureKind.PortTaken) });
    }

    [Fact]
    public void DashboardsMessageStaysWithoutACause() => Assert.Same(NotConnected, RegistrationExplanation.Explain(Nothing));

    [Fact]
    public void OnlyTheDashboardMakesAVmRegistered() =>
        Gen.Select(
            OneOf(Away, NotConnected, Denied("TokenRefused")),
            OneOf<SidecarUnit?>(null, Ready, Running, Running with { Activity = UnitActivity.Failed }),
            OneOf<IstioToken?>(null, Good, Expired, NoToken),
            Gen.Int[-1, (int)SidecarFailureKind.Unreachable],
            OneOf(GatewaysGood, GatewaysDown),
            OneOf<ClockOffset?>(null, Right, Late))
        .Sample((dashboard, unit, token, kind, gateways, clock) =>
        {
            var finding = RegistrationExplanation.Explain(
                new(dashboard, unit, token, kind < 0 ? null : Failure((SidecarFailureKind)kind), gateways, clock));
            Assert.Equal(ConditionType.Registered, finding.Type);
            Assert.True(finding.Status == ConditionStatus.False || ReferenceEquals(finding, dashboard));
            Assert.DoesNotContain('\n', finding.Message);
        });

    private static void Expect(string reason, string message, RegistrationObservation observation)
    {
        var finding = RegistrationExplanation.Explain(observation);
        Assert.Equal((ConditionStatus.False, reason), (finding.Status, finding.Reason));
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
    }

    private static ConditionUpdate Denied(string reason) =>
        ConditionUpdate.False(ConditionType.Registered, reason, "the dashboard's words");

    private static SidecarFailure Failure(SidecarFailureKind kind) => new(kind, "the line");

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
