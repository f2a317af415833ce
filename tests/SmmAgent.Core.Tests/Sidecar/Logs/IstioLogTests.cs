using System.Globalization;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Sidecar.Logs;

/// <summary>The logs of a real sidecar in 24 states lead to the reason that was the cause.</summary>
public sealed class IstioLogTests
{
    private static readonly IstioToken Good = new(TokenVerdict.Use, "the istio-token is good", null);
    private static readonly ConditionUpdate Gateways = ConditionUpdate.True(ConditionType.GatewaysReachable, "Reachable", "all answer");
    private static readonly ConditionUpdate NotConnected = ConditionUpdate.False(
        ConditionType.Registered, RegistrationReasons.NotConnected, "no sidecar is connected");

    [Theory]
    [InlineData("all-well", null)]
    [InlineData("other-trust-domain", null)]
    [InlineData("mesh-file-unknown-member", null)] // the file differs from the mesh configuration: SidecarCurrent says so
    [InlineData("capture-fails", "CaptureFailed")]
    [InlineData("certificate-for-other-name", "ControlPlaneNotTrusted")]
    [InlineData("entry-of-other-revision", "StaleEntry", "-n vm-integration analytics-v0-198.18.0.101-vm-network-1")]
    [InlineData("gateway-hangs-up", "GatewayUnreachable")]
    [InlineData("gateway-refuses", "GatewayUnreachable")]
    [InlineData("gateway-silent", "GatewayUnreachable")]
    [InlineData("group-missing", "GroupNotFound")]
    [InlineData("mesh-file-broken", "ConfigurationInvalid")]
    [InlineData("no-such-name", "NoSuchName")]
    [InlineData("no-token", "TokenUnusable")]
    [InlineData("token-unreadable", "TokenUnusable")]
    [InlineData("other-cluster-id", "TokenRefused")]
    [InlineData("token-expired", "TokenRefused")]
    [InlineData("token-of-a-deleted-account", "TokenRefused")]
    [InlineData("token-of-other-audience", "TokenRefused")]
    [InlineData("token-rubbish", "TokenRefused")]
    [InlineData("token-of-other-account", "IdentityMismatch")]
    [InlineData("token-of-other-namespace", "IdentityMismatch")]
    [InlineData("port-15020-taken", "PortTaken", "15020")]
    [InlineData("port-15053-taken", "PortTaken", "15053")]
    [InlineData("wrong-root-certificate", "ControlPlaneNotTrusted")]
    public void EachCauseGetsItsReason(string cause, string? reason, string? subject = null)
    {
        var (log, unit, now) = State(cause);

        var failure = SidecarLog.NewestFailure(SidecarLogText.Empty, log, unit.Since, now);
        var finding = RegistrationExplanation.Explain(new(NotConnected, unit, Good, failure, Gateways, new(TimeSpan.Zero)));

        Assert.Equal(reason ?? RegistrationReasons.NotConnected, finding.Reason);
        Assert.Equal(subject, failure?.Subject);
        if (subject is not null)
            Assert.Contains(subject, failure!.Remediation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("token-expired", TokenVerdict.Expired, "TokenExpired")]
    [InlineData("token-rubbish", TokenVerdict.Unusable, "TokenUnusable")]
    [InlineData("token-of-other-audience", TokenVerdict.Unusable, "TokenUnusable")]
    public void StateOfTheTokenIsReportedInsteadOfTheRefusal(string cause, TokenVerdict verdict, string reason)
    {
        var (log, unit, now) = State(cause);
        var failure = SidecarLog.NewestFailure(SidecarLogText.Empty, log, unit.Since, now);
        Assert.Equal(
            reason, RegistrationExplanation.Explain(
                new(NotConnected, unit, new(verdict, "it is bad", null), failure, Gateways, new(TimeSpan.Zero))).Reason);
    }

    [Theory]
    [InlineData("port-15053-taken", "15053")]
    [InlineData("mesh-file-broken", "failed to get proxy config")]
    [InlineData("capture-fails", "xtables parameter problem")]
    public void LocalFailureIsAlsoReportedBySidecarRunning(string cause, string shown)
    {
        var (log, unit, now) = State(cause);
        var observed = new SimulatedHost(
            "1.15.3", unit)
        {
            Token = TokenVerdict.Use,
            Failure = SidecarLog.NewestFailure(SidecarLogText.Empty, log, unit.Since, now)
        }.Observe();
        var desired = new DesiredSidecar(
            SidecarSamples.Render(SidecarSamples.Config), new(PackageOutcome.Installed, "it is there"), MayRestart: false, Hold: null);

        var running = SidecarConditions.Evaluate(new(new(), desired, null, observed, []))
            .Single(finding => finding.Type == ConditionType.SidecarRunning);

        Assert.Equal(ConditionStatus.False, running.Status);
        Assert.Contains(shown, running.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryLogHasARow()
    {
        var rows = typeof(IstioLogTests).GetMethod(nameof(EachCauseGetsItsReason))!.GetCustomAttributesData()
            .Where(data => data.AttributeType == typeof(InlineDataAttribute))
            .Select(
                data =>
                (string)((IReadOnlyList<System.Reflection.CustomAttributeTypedArgument>)data.ConstructorArguments[0].Value!)[0].Value!);
        Assert.Equal(
            Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Sidecar/Golden/IstioLogs"), "*.log")
            .Select(file => Path.GetFileNameWithoutExtension(file)!).Order(),
            rows.Order());
    }

    /// <summary>The log, with the unit at that time: systemd restarts one that exited.</summary>
    private static (SidecarLogText Log, SidecarUnit Unit, DateTimeOffset Now) State(string cause)
    {
        var text = SidecarSamples.Golden($"IstioLogs/{cause}.log");
        var times = text.Split('\n')
            .Select(line => DateTimeOffset.TryParse(
                line.Split('\t', ' ')[0], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time
                : (DateTimeOffset?)null)
            .OfType<DateTimeOffset>().ToList();
        var isUp = !text.Contains("Failed with result", StringComparison.Ordinal);
        return (
            new(text, times.Max()),
            new(isUp ? UnitActivity.Running : UnitActivity.Starting, IsEnabled: true, IsReady: false,
                isUp ? times.Min().AddSeconds(-1) : null),
            times.Max().AddSeconds(2));
    }
}
