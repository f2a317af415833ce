using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar;

namespace SmmAgent.Core.Tests.Sidecar;

public sealed class SidecarVerdictTests
{
    private static readonly ReadResult<SidecarConfiguration> Configuration = ReadResult<SidecarConfiguration>.Good(SidecarSamples.Render(SidecarSamples.Config));

    [Fact]
    public void AnAttachedSidecarIsInstalledCurrentAndRunning() => Said(
        Attached(),
        "SidecarInstalled True Installed: istio-sidecar 1.15.3 is installed",
        "SidecarCurrent True Current: the sidecar runs with the newest configuration",
        "SidecarRunning True Running: the sidecar 1.15.3 runs and is ready");

    [Theory]
    [InlineData(PackageOutcome.NotOffered, "NotOffered")]
    [InlineData(PackageOutcome.NoChecksum, "NoChecksum")]
    [InlineData(PackageOutcome.UntrustedSource, "UntrustedSource")]
    [InlineData(PackageOutcome.Install, "NotInstalled")]
    public void WithoutASidecarTheConditionsSayWhy(PackageOutcome outcome, string reason)
    {
        var look = Attached();
        look = look with { Package = new(outcome, "why"), Observed = look.Observed with { Package = Observation<InstalledSidecar>.Known(new(null)) } };
        Assert.Equal(
            [(ConditionStatus.False, reason), (ConditionStatus.Unknown, "NotInstalled"), (ConditionStatus.False, "NotInstalled")],
            SidecarVerdict.Of(look).Select(finding => (finding.Status, finding.Reason)));
    }

    [Theory]
    [InlineData(PackageOutcome.NotOffered, "Installed")]
    [InlineData(PackageOutcome.UntrustedSource, "Degraded")]
    [InlineData(PackageOutcome.Install, "Degraded")]
    public void AnotherVersionThanTheMeshWantsIsBetterThanNone(PackageOutcome outcome, string reason)
    {
        var finding = SidecarVerdict.Of(Attached() with { Package = new(outcome, "why") })[0];
        Assert.Equal((ConditionStatus.True, reason), (finding.Status, finding.Reason));
    }

    [Theory]
    [InlineData(RestartPolicy.Report, "sudo systemctl restart istio")]
    [InlineData(RestartPolicy.Automatic, "the agent restarts it")]
    [InlineData(RestartPolicy.Window, "the agent restarts it within Sun 02:00-04:00; or sudo systemctl restart istio")]
    public void ARestartThatIsNeededIsToldWithWhoDoesIt(RestartPolicy policy, string words)
    {
        var look = Attached() with { Settings = new() { RestartPolicy = policy, RestartWindow = RestartWindow.Parse("Sun 02:00-04:00") } };
        look = look with { Observed = look.Observed with { Unit = Unit(UnitActivity.Running, version: "1.15.2") } };
        Assert.Equal($"SidecarCurrent False RestartNeeded: the sidecar needs a restart: it runs 1.15.2, and 1.15.3 is installed; {words}", Text(SidecarVerdict.Of(look)[1]));
    }

    [Fact]
    public void AFileThatIsAnotherIsNamedWithTheCure()
    {
        var look = Attached();
        var files = new Dictionary<string, Observation<FoundFile>>(look.Observed.Files) { [SidecarFiles.MeshFile] = Observation<FoundFile>.Known(FoundFile.Missing) };
        Assert.Equal(
            "SidecarCurrent False NotWritten: to write /etc/istio/config/mesh (it is missing); sudo smm-agent reconcile",
            Text(SidecarVerdict.Of(look with { Observed = look.Observed with { Files = files } })[1]));
    }

    [Fact]
    public void AConfigurationThatCannotBeNamesItsFault()
    {
        var refused = SidecarFiles.Render(SidecarSamples.WithAnnotation("proxyMetadata: {BASH_ENV: x, LD_PRELOAD: y}"), SidecarSamples.Host, SidecarOptions.AsIstioctl);
        var finding = SidecarVerdict.Of(Attached() with { Configuration = refused })[1];
        Assert.Equal((ConditionStatus.False, "ConfigurationInvalid"), (finding.Status, finding.Reason));
        Assert.Contains("'BASH_ENV' would change what the shell that sources it runs as root (+1 more); the last good configuration stays", finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TokenVerdict.Renew, "Current")]
    [InlineData(TokenVerdict.Expired, "TokenExpired")]
    [InlineData(TokenVerdict.Unusable, "TokenUnusable")]
    public void ATokenThatNoLongerWorksIsTold(TokenVerdict verdict, string reason)
    {
        var look = Attached();
        Assert.Equal(reason, SidecarVerdict.Of(look with { Observed = look.Observed with { Token = new(verdict, "why", null) } })[1].Reason);
    }

    [Theory]
    [InlineData(UnitActivity.Starting, null, "Starting", "NotRunning")]
    [InlineData(UnitActivity.Stopped, null, "NotRunning", "NotRunning")]
    [InlineData(UnitActivity.Failed, null, "NotRunning", "NotRunning")]
    [InlineData(UnitActivity.Stopped, "it failed", "CrashLoop", "NotRunning")]
    public void ASidecarThatDoesNotRunSaysWhatSystemdDoesAboutIt(UnitActivity activity, string? hold, string running, string current)
    {
        var look = Attached() with { Hold = hold };
        var findings = SidecarVerdict.Of(look with { Observed = look.Observed with { Unit = Unit(activity) } });
        Assert.Equal([(ConditionStatus.Unknown, current), (ConditionStatus.False, running)], findings.Skip(1).Select(finding => (finding.Status, finding.Reason)));
    }

    [Fact]
    public void ASidecarThatIsNotReadyDoesNotPassForRunning()
    {
        var look = Attached();
        var finding = SidecarVerdict.Of(look with { Observed = look.Observed with { Unit = Unit(UnitActivity.Running, isReady: false) } })[2];
        Assert.Equal((ConditionStatus.False, "NotReady"), (finding.Status, finding.Reason));
    }

    [Fact]
    public void WhatCannotBeSeenIsUnknown()
    {
        var look = Attached();
        var unseen = look.Observed with { Package = Observation<InstalledSidecar>.Unknown("no dpkg"), Unit = Observation<SidecarUnit>.Unknown("no bus") };
        Said(
            look with { Observed = unseen },
            "SidecarInstalled Unknown NotSeen: no dpkg",
            "SidecarCurrent Unknown NotSeen: no dpkg",
            "SidecarRunning Unknown NotSeen: no bus");
    }

    private static void Said(SidecarLook look, params string[] lines) => Assert.Equal(lines, SidecarVerdict.Of(look).Select(Text));

    private static string Text(Finding finding) => $"{finding.Type} {finding.Status} {finding.Reason}: {finding.Message}";

    private static SidecarLook Attached()
    {
        var host = new SimulatedHost("1.15.3", new(UnitActivity.Running, true, true, SimulatedHost.Now.AddHours(1), "1.15.3"));
        host.Apply(SidecarPlanner.Plan(new(Configuration.Value!, new(PackageOutcome.Installed, ""), MayRestart: false, null), host.Observe()));
        return new(new(), Configuration, new(PackageOutcome.Installed, ""), host.Observe(), null);
    }

    private static Observation<SidecarUnit> Unit(UnitActivity activity, bool isReady = true, string version = "1.15.3") =>
        Observation<SidecarUnit>.Known(new(activity, true, isReady && activity == UnitActivity.Running, activity == UnitActivity.Running ? SimulatedHost.Now.AddHours(1) : null, version));
}
