using SmmAgent.Core.Conditions;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Sidecar.Status;

public sealed class SidecarConditionsTests
{
    private static readonly SidecarConfiguration Configuration = SidecarSamples.Render(SidecarSamples.Config);

    [Fact]
    public void AttachedSidecarIsInstalledCurrentAndRunning() => Said(
        Attached(),
        "SidecarInstalled True Installed: istio-sidecar 1.15.3 is installed",
        "SidecarCurrent True Current: the sidecar runs with the newest configuration",
        "SidecarRunning True Running: the sidecar 1.15.3 runs and is ready");

    [Theory]
    [InlineData(PackageOutcome.NotOffered, "NotOffered")]
    [InlineData(PackageOutcome.NoChecksum, "NoChecksum")]
    [InlineData(PackageOutcome.UntrustedSource, "UntrustedSource")]
    [InlineData(PackageOutcome.NoTrustedKey, "NoTrustedKey")]
    [InlineData(PackageOutcome.Install, "NotInstalled")]
    public void ConditionsOfAMissingSidecarHaveTheReason(PackageOutcome outcome, string reason)
    {
        var assessment = Attached();
        assessment = assessment with
        {
            Desired = assessment.Desired with { Package = new(outcome, "why") },
            Observed = assessment.Observed with { Package = Observation<InstalledSidecar>.Known(new(null)) }
        };
        Assert.Equal(
            [(ConditionStatus.False, reason), (ConditionStatus.Unknown, "NotInstalled"), (ConditionStatus.False, "NotInstalled")],
            SidecarConditions.Evaluate(assessment).Select(finding => (finding.Status, finding.Reason)));
    }

    [Theory]
    [InlineData(PackageOutcome.NotOffered, "Installed")]
    [InlineData(PackageOutcome.UntrustedSource, "Degraded")]
    [InlineData(PackageOutcome.NoTrustedKey, "Degraded")]
    [InlineData(PackageOutcome.Install, "Degraded")]
    public void AnotherVersionThanTheMeshWantsIsBetterThanNone(PackageOutcome outcome, string reason)
    {
        var finding = SidecarConditions.Evaluate(With(Attached(), new PackageChoice(outcome, "why")))[0];
        Assert.Equal((ConditionStatus.True, reason), (finding.Status, finding.Reason));
    }

    [Theory]
    [InlineData(RestartPolicy.Report, "sudo systemctl restart istio")]
    [InlineData(RestartPolicy.Automatic, "the agent restarts it")]
    [InlineData(RestartPolicy.Window, "the agent restarts it within Sun 02:00-04:00; or sudo systemctl restart istio")]
    public void RequiredRestartIsReportedWithItsPolicy(RestartPolicy policy, string words)
    {
        var assessment = Attached()
            with
        { Settings = new() { RestartPolicy = policy, RestartWindow = RestartWindow.Parse("Sun 02:00-04:00") } };
        assessment = assessment with
        {
            Observed =
            assessment.Observed with { Package = Observation<InstalledSidecar>.Known(new("1.15.3", SimulatedHost.Now.AddHours(2))) }
        };
        Assert.Equal(
            $"SidecarCurrent False RestartNeeded: the sidecar needs a restart: istio-sidecar 1.15.3 was installed since its start; {words}",
            Text(SidecarConditions.Evaluate(assessment)[1]));
    }

    [Fact]
    public void CaptureThatTheMeshSwitchesOffIsReportedWithTheVariable()
    {
        var assessment = Attached();
        assessment = assessment with
        {
            Desired =
            assessment.Desired with { Configuration = assessment.Desired.Configuration! with { CaptureOff = ["DRY_RUN=true"] } }
        };
        Assert.Equal(
            "SidecarCurrent False CaptureOff: the mesh configuration turns the sidecar's capture off, so traffic bypasses the sidecar: "
                + "remove DRY_RUN=true from the annotation "
            + "proxy.istio.io/config of the WorkloadGroup, or from the proxyMetadata of the mesh's defaultConfig",
            Text(SidecarConditions.Evaluate(assessment)[1]));
        Assert.Equal(["DRY_RUN=true"], SidecarSamples.Render(SidecarSamples.WithAnnotation("proxyMetadata: {DRY_RUN: 'true'}")).CaptureOff);
    }

    [Theory]
    [InlineData("# mine\nDRY_RUN=true\n", "DRY_RUN=true")]
    [InlineData("export SKIP_RULE_APPLY='1' # for now\r\n", "SKIP_RULE_APPLY=1")]
    [InlineData("\tISTIO_CUSTOM_IP_TABLES=\"true\";CLEANUP_ONLY=1", "ISTIO_CUSTOM_IP_TABLES=true")]
    [InlineData("ISTIO_OUTBOUND_OWNER_GROUPS=\n", "ISTIO_OUTBOUND_OWNER_GROUPS=''")]
    [InlineData("DRY_RUN=true\nDRY_RUN=false\n", null)]
    [InlineData("#DRY_RUN=true\n", null)]
    [InlineData("DRY_RUN=$(hostname)\nDRY_RUN=tr\"u\"e\nX_DRY_RUN=true\n", null)]
    [InlineData("CA_ADDR=x\nISTIO_INBOUND_PORTS='*'\n", null)]
    public void CaptureThatTheOperatorSwitchesOffIsReported(string operators, string? named)
    {
        var assessment = Attached();
        var files = new Dictionary<string, Observation<FoundFile>>(assessment.Observed.Files)
        {
            [SidecarFiles.OperatorEnvironment] =
                Observation<FoundFile>.Known(new(operators, "root", SidecarFiles.Private, SimulatedHost.Now.AddHours(-1))),
        };
        Assert.Equal(
            named is null ? "SidecarCurrent True Current: the sidecar runs with the newest configuration"
                : "SidecarCurrent False CaptureOff: /etc/smm/sidecar/sidecar.env turns the sidecar's capture off, so traffic "
                    + "bypasses the sidecar: "
                    + $"remove {named} from it, then: sudo systemctl restart istio",
            Text(SidecarConditions.Evaluate(assessment with { Observed = assessment.Observed with { Files = files } })[1]));
    }

    [Theory]
    [InlineData("nft", "sudo smm-agent reconcile")]
    [InlineData(null, "sudo systemctl restart istio")]
    public void TwoCapturesAreReportedWithTheRemediation(string? backend, string fix)
    {
        var assessment = Attached();
        assessment = assessment with
        {
            Desired = assessment.Desired with { Configuration = assessment.Desired.Configuration! with { CaptureBackend = backend } },
            Observed = assessment.Observed with { CapturedIn = ["legacy", "nft"] },
        };
        Assert.Equal(
            "SidecarCurrent False CapturedTwice: the sidecar's capture is in legacy and nft at the same time, because an earlier start "
                + $"left its rules behind: {fix}",
            Text(SidecarConditions.Evaluate(assessment)[1]));
    }

    [Fact]
    public void CaptureOfBothFamiliesIsReported()
    {
        var assessment = Attached();
        assessment = assessment with
        {
            Desired =
            assessment.Desired with { Configuration = assessment.Desired.Configuration! with { IsDualStack = true } }
        };
        Assert.Equal(
            "SidecarCurrent True Current: the sidecar runs with the newest configuration; it captures IPv4 and IPv6, because this VM "
                + "registers an IPv6 address (ISTIO_DUAL_STACK)",
            Text(SidecarConditions.Evaluate(assessment)[1]));
    }

    [Fact]
    public void DriftOfAFileIsReportedWithTheRemediation()
    {
        var assessment = Attached();
        var files = new Dictionary<string, Observation<FoundFile>>(
            assessment.Observed.Files)
        { [SidecarFiles.MeshFile] = Observation<FoundFile>.Known(FoundFile.Missing) };
        Assert.Equal(
            "SidecarCurrent False NotWritten: to write /etc/istio/config/mesh (it is missing); sudo smm-agent reconcile",
            Text(SidecarConditions.Evaluate(assessment with { Observed = assessment.Observed with { Files = files } })[1]));
    }

    [Fact]
    public void InvalidConfigurationIsReportedWithItsFault()
    {
        var assessment = Attached();
        Assert.Equal(
            "SidecarCurrent False ConfigurationInvalid: 'BASH_ENV' is refused; the present configuration stays in effect",
            Text(
                SidecarConditions.Evaluate(
                    assessment with
                    {
                        Desired = assessment.Desired with { Configuration = null },
                        Fault = new(ConfigurationFault.ConfigurationInvalid, "'BASH_ENV' is refused")
                    })[1]));
    }

    [Theory]
    [InlineData(TokenVerdict.Renew, "Current")]
    [InlineData(TokenVerdict.Expired, "TokenExpired")]
    [InlineData(TokenVerdict.Unusable, "TokenUnusable")]
    public void UnusableTokenIsReported(TokenVerdict verdict, string reason)
    {
        var assessment = Attached();
        Assert.Equal(
            reason, SidecarConditions.Evaluate(
                assessment with { Observed = assessment.Observed with { Token = new(verdict, "why", null) } })[1].Reason);
    }

    [Theory]
    [InlineData(UnitActivity.Starting, null, "Starting", "NotRunning")]
    [InlineData(UnitActivity.Stopped, null, "NotRunning", "NotRunning")]
    [InlineData(UnitActivity.Failed, null, "NotRunning", "NotRunning")]
    [InlineData(UnitActivity.Stopped, "it failed", "CrashLoop", "NotRunning")]
    public void StoppedSidecarIsReportedWithSystemdsState(UnitActivity activity, string? hold, string running, string current)
    {
        var assessment = Attached();
        assessment = assessment with { Desired = assessment.Desired with { Hold = hold } };
        var findings = SidecarConditions.Evaluate(assessment with { Observed = assessment.Observed with { Unit = Unit(activity) } });
        Assert.Equal([(ConditionStatus.Unknown, current), (ConditionStatus.False, running)],
            findings.Skip(1).Select(finding => (finding.Status, finding.Reason)));
    }

    [Theory]
    [InlineData(true, "still captures traffic: sudo smm-agent reconcile")]
    [InlineData(false, "captures no traffic: it failed")]
    public void HeldSidecarIsReportedToCaptureNothingOnlyIfObserved(bool isCaptured, string words)
    {
        var assessment = Attached();
        assessment = assessment with
        {
            Desired = assessment.Desired with { Hold = "it failed" },
            Observed = assessment.Observed with { IsCaptured = isCaptured }
        };
        Assert.Contains(words, SidecarConditions.Evaluate(assessment)[2].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SidecarThatIsNotReadyIsNotReportedAsRunning()
    {
        var assessment = Attached();
        var finding = SidecarConditions.Evaluate(
            assessment with { Observed = assessment.Observed with { Unit = Unit(UnitActivity.Running, isReady: false) } })[2];
        Assert.Equal((ConditionStatus.False, "NotReady"), (finding.Status, finding.Reason));
    }

    [Fact]
    public void UnobservedSidecarIsUnknown()
    {
        var assessment = Attached();
        var unobserved = assessment.Observed
            with
        { Package = Observation<InstalledSidecar>.Unknown("no dpkg"), Unit = Observation<SidecarUnit>.Unknown("no bus") };
        Said(
            assessment with { Observed = unobserved },
            "SidecarInstalled Unknown NotSeen: no dpkg",
            "SidecarCurrent Unknown NotSeen: no dpkg",
            "SidecarRunning Unknown NotSeen: no bus");
    }

    [Fact]
    public void FailureOfThePrivilegedReconcileIsTheReason()
    {
        var offer = new PackageChoice(PackageOutcome.Install, "install istio-sidecar 1.15.4", SidecarSamples.Package("1.15.4"));
        StepFailure wrong = new(ReconcilePart.Package, "1.15.4", StepFailureReason.WrongChecksum, "its SHA-256 is another");
        var assessment = With(Attached(), offer) with { Failures = [wrong] };
        Assert.Equal(
            "SidecarInstalled True Degraded: istio-sidecar 1.15.3 is installed, but the mesh wants another version: its SHA-256 is another",
            Text(SidecarConditions.Evaluate(assessment)[0]));
        Assert.Equal("Current", SidecarConditions.Evaluate(assessment)[1].Reason);

        assessment = assessment with { Observed = assessment.Observed with { Package = Observation<InstalledSidecar>.Known(new(null)) } };
        Assert.Equal("SidecarInstalled False WrongChecksum: its SHA-256 is another", Text(SidecarConditions.Evaluate(assessment)[0]));
        Assert.Equal("NotInstalled",
            SidecarConditions.Evaluate(assessment with { Failures = [wrong with { Subject = "1.15.2" }] })[0].Reason);
    }

    [Fact]
    public void CheckModeLeavesTheRemediationToTheOperator()
    {
        var assessment = Attached() with { Settings = new() { Mode = ManagementMode.Check } };
        assessment = assessment with { Observed = assessment.Observed with { Unit = Unit(UnitActivity.Stopped) } };
        Assert.Equal("SidecarRunning False NotRunning: istio.service does not run: sidecar.mode is check, so this is left to you",
            Text(SidecarConditions.Evaluate(assessment)[2]));
    }

    [Fact]
    public void MaskedUnitIsReportedWithTheUnmaskCommand()
    {
        var assessment = Attached();
        var masked = assessment.Observed.Unit.Value! with { Activity = UnitActivity.Stopped, IsMasked = true };
        Assert.Equal(
            "SidecarRunning False NotRunning: istio.service is masked, so it is not started: sudo systemctl unmask istio",
            Text(SidecarConditions.Evaluate(
                assessment with { Observed = assessment.Observed with { Unit = Observation<SidecarUnit>.Known(masked) } })[2]));
    }

    private static SidecarAssessment With(SidecarAssessment assessment, PackageChoice package) =>
        assessment with { Desired = assessment.Desired with { Package = package } };

    private static void Said(SidecarAssessment assessment, params string[] lines) =>
        Assert.Equal(lines, SidecarConditions.Evaluate(assessment).Select(Text));

    private static string Text(ConditionUpdate finding) => $"{finding.Type} {finding.Status} {finding.Reason}: {finding.Message}";

    private static SidecarAssessment Attached()
    {
        var host = new SimulatedHost("1.15.3", new(UnitActivity.Running, true, true, SimulatedHost.Now.AddHours(1)));
        DesiredSidecar desired = new(Configuration, new(PackageOutcome.Installed, ""), MayRestart: false, null);
        host.Apply(SidecarPlanner.Plan(desired, host.Observe()));
        return new(new(), desired, null, host.Observe(), []);
    }

    private static Observation<SidecarUnit> Unit(UnitActivity activity, bool isReady = true) =>
        Observation<SidecarUnit>.Known(
            new(activity, true, isReady && activity == UnitActivity.Running,
                activity == UnitActivity.Running ? SimulatedHost.Now.AddHours(1) : null)
            { HasStartEnvironment = true });
}
