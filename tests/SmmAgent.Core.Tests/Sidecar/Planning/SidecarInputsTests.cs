using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;

namespace SmmAgent.Core.Tests.Sidecar.Planning;

/// <summary>The desired sidecar follows from the settings, the mesh configuration and the host.</summary>
public sealed class SidecarInputsTests
{
    private static readonly DateTimeOffset Now = SimulatedHost.Now;

    private static readonly SidecarInputs Inputs = new(
        new() { Uuid = SidecarSamples.Uuid, Sidecar = new() { RestartPolicy = RestartPolicy.Automatic } },
        SidecarSamples.Config with { Packages = [SidecarSamples.Package("1.15.3")] },
        SidecarSamples.Host,
        "vm-1",
        new(PackageFormat.Deb, "x86_64", SourceIsTrusted: true, new PackageTrust([], AllowsUnsignedSidecar: true, [])));

    [Fact]
    public void HostWithoutASidecarGetsThePackageAndTheConfiguration()
    {
        var assessment = Assess(Inputs);

        Assert.Equal(PackageOutcome.Install, assessment.Desired.Package.Outcome);
        Assert.Equal(SidecarSamples.Render(Inputs.Config).Files, assessment.Desired.Configuration!.Files);
        Assert.Null(assessment.Fault);
        Assert.Equal((true, true, null), (assessment.Desired.MayRestart, assessment.Desired.AtBoot, assessment.Desired.Hold));
    }

    [Fact]
    public void MissingAddressPreventsAConfigurationAndRefersToAddressKnown()
    {
        var assessment = Assess(Inputs with { Host = null });

        Assert.Null(assessment.Desired.Configuration);
        Assert.Equal(ConfigurationFault.AddressUnknown, assessment.Fault!.Reason);
        Assert.Equal(PackageOutcome.Install, assessment.Desired.Package.Outcome);
    }

    [Fact]
    public void InvalidMeshConfigurationIsAFaultThatCountsTheOthers()
    {
        var assessment = Assess(Inputs with { Config = SidecarSamples.WithMetadata(("BASH_ENV", "x"), ("LD_PRELOAD", "y")) });

        Assert.Null(assessment.Desired.Configuration);
        Assert.Equal(ConfigurationFault.ConfigurationInvalid, assessment.Fault!.Reason);
        Assert.Contains("BASH_ENV", assessment.Fault.Message, StringComparison.Ordinal);
        Assert.EndsWith(" (+1 more)", assessment.Fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HostWithoutAPackageManagerGetsNoPackageAndAReason()
    {
        var assessment = Assess(Inputs with { Packages = null });

        Assert.Equal((PackageOutcome.NotOffered, "this host has neither dpkg nor rpm, so the sidecar cannot be installed"),
            (assessment.Desired.Package.Outcome, assessment.Desired.Package.Reason));
    }

    [Fact]
    public void FailedStartsInTheReportAreCountedOn()
    {
        var report = ReconcileReport.None with { CrashLoop = new(Restarts: 1, Failures: CrashLoop.MaximumFailures - 1) };
        var observed = new SimulatedHost("1.15.3", new(UnitActivity.Starting, IsEnabled: true, IsReady: false, Now, Restarts: 2)).Observe();

        var assessment = Inputs.Assess(observed, report, Now, TimeZoneInfo.Utc, random: 0);

        Assert.True(assessment.CrashLoop.IsHeld);
        Assert.Equal(assessment.CrashLoop.Hold, assessment.Desired.Hold);
        Assert.Contains(assessment.Plan.Steps, step => step is StopSidecar);
        Assert.Null(Inputs.Assess(observed, null, Now, TimeZoneInfo.Utc, random: 0).Desired.Hold);
    }

    [Fact]
    public void SidecarOfTheOperatorIsNotReportedAsHeldBack()
    {
        var report = ReconcileReport.None with { CrashLoop = new(HeldUntil: Now.AddSeconds(20)) };

        Assert.Null(Assess(Inputs with { Settings = new() { Sidecar = new() { Mode = ManagementMode.Check } } }, report).Desired.Hold);
    }

    [Fact]
    public void HoldInTheReportEndsAtItsTime()
    {
        var report = ReconcileReport.None with { CrashLoop = new(HeldUntil: Now.AddSeconds(20)) };

        Assert.NotNull(Assess(Inputs, report).Desired.Hold);
        Assert.Null(Inputs.Assess(Observed(), report, Now.AddSeconds(20), TimeZoneInfo.Utc, random: 0).Desired.Hold);
    }

    [Fact]
    public void UnconfirmedSidecarIsNotStartedAtBoot()
    {
        var observed = new SimulatedHost("1.15.3", new(UnitActivity.Stopped, IsEnabled: false, IsReady: false, null)).Observe();

        Assert.DoesNotContain(Assess(Inputs, ReconcileReport.None with { IsUnconfirmed = true }, observed).Plan.Steps,
            step => step is EnableSidecar);
        Assert.Contains(Assess(Inputs, ReconcileReport.None, observed).Plan.Steps, step => step is EnableSidecar { AtBoot: true });
    }

    [Fact]
    public void FailuresInTheReportArePartOfTheAssessment()
    {
        StepFailure[] failures = [new(ReconcilePart.Token, "", StepFailureReason.TokenRefused, "the dashboard refused")];

        Assert.Equal(failures, Assess(Inputs, ReconcileReport.None with { Failures = failures }).Failures);
    }

    private static SidecarAssessment Assess(SidecarInputs inputs, ReconcileReport? report = null, ObservedSidecar? observed = null) =>
        inputs.Assess(observed ?? Observed(), report, Now, TimeZoneInfo.Utc, random: 0);

    private static ObservedSidecar Observed() =>
        new SimulatedHost(null, new(UnitActivity.Stopped, IsEnabled: false, IsReady: false, null)).Observe();
}
