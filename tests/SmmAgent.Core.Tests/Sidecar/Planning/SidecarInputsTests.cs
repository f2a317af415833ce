using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;

namespace SmmAgent.Core.Tests.Sidecar.Planning;

/// <summary>What settings, mesh configuration and host make of how the sidecar should be.</summary>
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
        var look = Look(Inputs);

        Assert.Equal(PackageOutcome.Install, look.Desired.Package.Outcome);
        Assert.Equal(SidecarSamples.Render(Inputs.Config).Files, look.Desired.Configuration!.Files);
        Assert.Null(look.Fault);
        Assert.Equal((true, true, null), (look.Desired.MayRestart, look.Desired.AtBoot, look.Desired.Hold));
    }

    [Fact]
    public void MissingAddressPreventsAConfigurationAndRefersToAddressKnown()
    {
        var look = Look(Inputs with { Host = null });

        Assert.Null(look.Desired.Configuration);
        Assert.Equal(ConfigurationFault.AddressUnknown, look.Fault!.Reason);
        Assert.Equal(PackageOutcome.Install, look.Desired.Package.Outcome);
    }

    [Fact]
    public void InvalidMeshConfigurationIsAFaultThatCountsTheOthers()
    {
        var look = Look(Inputs with { Config = SidecarSamples.WithMetadata(("BASH_ENV", "x"), ("LD_PRELOAD", "y")) });

        Assert.Null(look.Desired.Configuration);
        Assert.Equal(ConfigurationFault.ConfigurationInvalid, look.Fault!.Reason);
        Assert.Contains("BASH_ENV", look.Fault.Message, StringComparison.Ordinal);
        Assert.EndsWith(" (+1 more)", look.Fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HostWithoutAPackageManagerGetsNoPackageAndAReason()
    {
        var look = Look(Inputs with { Packages = null });

        Assert.Equal((PackageOutcome.NotOffered, "this host has neither dpkg nor rpm, so the sidecar cannot be installed"),
            (look.Desired.Package.Outcome, look.Desired.Package.Reason));
    }

    [Fact]
    public void FailedStartsInTheReportAreCountedOn()
    {
        var report = ReconcileReport.None with { CrashLoop = new(Restarts: 1, Failures: CrashLoop.MaximumFailures - 1) };
        var observed = new SimulatedHost("1.15.3", new(UnitActivity.Starting, IsEnabled: true, IsReady: false, Now, Restarts: 2)).Observe();

        var look = Inputs.Assess(observed, report, Now, TimeZoneInfo.Utc, random: 0);

        Assert.True(look.CrashLoop.IsHeld);
        Assert.Equal(look.CrashLoop.Hold, look.Desired.Hold);
        Assert.Contains(look.Plan.Steps, step => step is StopSidecar);
        Assert.Null(Inputs.Assess(observed, null, Now, TimeZoneInfo.Utc, random: 0).Desired.Hold);
    }

    [Fact]
    public void SidecarOfTheOperatorIsNotReportedAsHeldBack()
    {
        var report = ReconcileReport.None with { CrashLoop = new(HeldUntil: Now.AddSeconds(20)) };

        Assert.Null(Look(Inputs with { Settings = new() { Sidecar = new() { Mode = ManagementMode.Check } } }, report).Desired.Hold);
    }

    [Fact]
    public void HoldInTheReportEndsAtItsTime()
    {
        var report = ReconcileReport.None with { CrashLoop = new(HeldUntil: Now.AddSeconds(20)) };

        Assert.NotNull(Look(Inputs, report).Desired.Hold);
        Assert.Null(Inputs.Assess(Observed(), report, Now.AddSeconds(20), TimeZoneInfo.Utc, random: 0).Desired.Hold);
    }

    [Fact]
    public void UnconfirmedSidecarIsNotStartedAtBoot()
    {
        var observed = new SimulatedHost("1.15.3", new(UnitActivity.Stopped, IsEnabled: false, IsReady: false, null)).Observe();

        Assert.DoesNotContain(Look(Inputs, ReconcileReport.None with { IsUnconfirmed = true }, observed).Plan.Steps,
            step => step is EnableSidecar);
        Assert.Contains(Look(Inputs, ReconcileReport.None, observed).Plan.Steps, step => step is EnableSidecar { AtBoot: true });
    }

    [Fact]
    public void FailuresInTheReportArePartOfTheAssessment()
    {
        StepFailure[] failures = [new(ReconcilePart.Token, "", StepFailureReason.TokenRefused, "the dashboard refused")];

        Assert.Equal(failures, Look(Inputs, ReconcileReport.None with { Failures = failures }).Failures);
    }

    private static SidecarAssessment Look(SidecarInputs inputs, ReconcileReport? report = null, ObservedSidecar? observed = null) =>
        inputs.Assess(observed ?? Observed(), report, Now, TimeZoneInfo.Utc, random: 0);

    private static ObservedSidecar Observed() =>
        new SimulatedHost(null, new(UnitActivity.Stopped, IsEnabled: false, IsReady: false, null)).Observe();
}
