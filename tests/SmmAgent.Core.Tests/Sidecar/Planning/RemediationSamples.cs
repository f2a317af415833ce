using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Sidecar.Planning;

/// <summary>An attached host, and what the agent plans for it.</summary>
internal static class RemediationSamples
{
    internal static readonly DateTimeOffset Now = SimulatedHost.Now;
    internal static readonly SpiffeId Wanted = new("cluster.local", "vm-integration", "default");
    internal static readonly SidecarInputs Inputs = new(
        new() { DashboardUrl = new("https://smm.example.com") },
        SidecarSamples.Config with { Packages = [SidecarSamples.Package("1.15.3")] },
        SidecarSamples.Host,
        "vm-1",
        new(PackageFormat.Deb, "amd64", SourceIsTrusted: true, new PackageTrust([], AllowsUnsignedSidecar: true, [])));

    internal static Plan Plan(SimulatedHost host) => Assess(host, ReconcileReport.None).Plan;

    internal static SidecarAssessment Assess(SimulatedHost host, ReconcileReport report) =>
        Inputs.Assess(host.Observe() with { At = Now }, report, Now, TimeZoneInfo.Utc, 0);

    internal static ConditionUpdate Current(SidecarAssessment assessment) =>
        SidecarConditions.Evaluate(assessment).Single(finding => finding.Type == ConditionType.SidecarCurrent);

    internal static SimulatedHost Attached(bool isReady = true)
    {
        var host = new SimulatedHost("1.15.3", new(UnitActivity.Running, true, isReady, Now.AddHours(-1))) { Token = TokenVerdict.Use };
        host.Files[SidecarFiles.Token] = new("", SidecarFiles.SidecarUser, SidecarFiles.Private, Now.AddMinutes(-20));
        var files = Inputs.Assess(host.Observe(), ReconcileReport.None, Now, TimeZoneInfo.Utc, 0).Desired.Configuration!;
        foreach (var file in files.Files)
            host.Files[file.Path] = new(file.Content, file.Owner, file.Mode, Now.AddHours(-2));
        host.Protect();
        host.Apply(new([new SetHosts(files.Hosts)]));
        return host;
    }

    internal static void Refuse(SimulatedHost host, DateTimeOffset time) =>
        host.Failure = new(SidecarFailureKind.TokenRefused, "the line") { Time = time, Since = time };

    internal static void Keep(SimulatedHost host, SpiffeId? identity, DateTimeOffset modified)
    {
        host.Certificate = new(identity?.ToString(), Now.AddDays(-2), Now.AddDays(1), modified);
        foreach (var path in (string[])[SidecarFiles.Certificate, SidecarFiles.Key])
            host.Files[path] = new(null, SidecarFiles.SidecarUser, SidecarFiles.Private, modified);
    }
}
