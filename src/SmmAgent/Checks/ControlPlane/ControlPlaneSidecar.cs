using SmmAgent.Checks.Observations;
using SmmAgent.Contract;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Sidecar;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Checks.ControlPlane;

/// <summary>Checks that the mesh configuration offers a sidecar package for this host that the agent would install.</summary>
internal sealed class ControlPlaneSidecar() : Check("control-plane-sidecar", CheckGroup.ControlPlane, "Sidecar")
{
    private const string OnDashboard = "put one into the dashboard's packages, with its sha256";

    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        if (context.Settings.SkipLine is { } obstacle)
            return [obstacle];
        var settings = context.Settings.Settings;
        if (settings.Sidecar.Mode == ManagementMode.Off)
            return [CheckLine.Skipped("sidecar.mode is off in agent.yaml")];
        if (context.System.Packages.Format is null)
            return [CheckLine.Fail(PackageHost.NoSidecarFormat, "use a distribution with dpkg or rpm")];

        return await context.WithMeshAsync(mesh => LinesAsync(context, mesh, cancel));
    }

    private static async Task<IReadOnlyList<CheckLine>> LinesAsync(CheckContext context, MeshObservation mesh, CancellationToken cancel)
    {
        if (mesh.Config is not { } config)
            return [(await context.Mesh).MissingLine];

        var settings = context.Settings.Settings;
        var (state, reason) = await new InstalledPackage(context.System.Packages).ReadAsync(PackageChoice.SidecarPackage, cancel);
        if (state is null)
            return [CheckLine.Skipped(reason!)];

        var choice = Choose(context, config, state.Version);
        return [await RefusalAsync(settings, choice, context.Time, cancel) is { } refusal
            ? new(Bad(state.Version), refusal.Message, refusal.Remediation)
            : Line(choice, state.Version, settings.Sidecar.Mode, mesh.AsOf)];
    }

    // The approval before an installation, without the files that only root may read.
    private static async Task<PackageFailure?> RefusalAsync(
        AgentSettings settings, PackageChoice choice, TimeProvider time, CancellationToken cancel)
    {
        if (choice is not { Outcome: PackageOutcome.Install, Package: { } package } || settings.DashboardUrl is not { } dashboard)
            return null;

        using var source = new PackageSource(dashboard, settings.CaFile, ProgramVersion.Current, proxy: settings.Proxy);
        return await new PackageApproval(PackageTrust.From(settings), accepted: null, time).ApproveAsync(source, package, cancel);
    }

    private static PackageChoice Choose(CheckContext context, MeshConfig config, string? installed) =>
        PackageChoice.ForSidecar(config, SidecarComposition.InputReader(context.Time).Packages(context.Settings.Settings)!, installed);

    private static CheckLine Line(PackageChoice choice, string? installed, ManagementMode mode, string asOf) => choice.Outcome switch
    {
        PackageOutcome.Installed => CheckLine.Pass($"{choice.Reason}{asOf}"),
        PackageOutcome.Install when mode == ManagementMode.Manage => CheckLine.Pass($"reconcile will do it: {choice.Reason}{asOf}"),
        PackageOutcome.Install => CheckLine.Warn(
            $"left to you, because sidecar.mode is check: {choice.Reason}{asOf}",
            "install it, or sidecar.mode: manage in agent.yaml"),
        // The installed sidecar continues to work.
        PackageOutcome.NotOffered when installed is not null => CheckLine.Pass(
            $"{PackageChoice.SidecarPackage} {installed} is installed, and stays: {choice.Reason}{asOf}"),
        PackageOutcome.UntrustedSource => new(Bad(installed), $"{choice.Reason}{asOf}", "expose the dashboard over https"),
        PackageOutcome.NoTrustedKey => new(Bad(installed), $"{choice.Reason}{asOf}", "sudo smm-agent set trusted-key KEY"),
        _ => new(Bad(installed), $"{choice.Reason}{asOf}", OnDashboard),
    };

    private static CheckStatus Bad(string? installed) => installed is null ? CheckStatus.Fail : CheckStatus.Warn;
}
