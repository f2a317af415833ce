using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Host.Sidecar;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Host.Upgrade;

/// <summary>The agent's own upgrade: a newer package of it that the mesh configuration offers.</summary>
internal sealed class AgentUpgrade(AgentPaths paths, ReconcileOptions options, Progress progress)
{
    private readonly SidecarRecords _records = new(paths);

    /// <returns>What is to be installed, or why the newer one cannot be; null for nothing.</returns>
    public async Task<PackageChoice?> ChooseAsync(SidecarInputs inputs, CancellationToken cancel)
    {
        // While a change waits for its confirmation the agent itself stays what it is: it is what would undo it.
        if (!inputs.Settings.SelfUpgrade || options.ConfirmWithin is not null || _records.BeforeConfirm is not null || inputs.Packages is not { } host)
            return null;

        // One that came with no package is somebody's own build.
        var (state, _) = await new InstalledPackage(PackageTools.Find()).ReadAsync(PackageChoice.AgentPackage, cancel);
        return state?.Version is { } installed
            && PackageChoice.ForAgent(inputs.Config, host, installed) is { Outcome: PackageOutcome.Install or PackageOutcome.NoTrustedKey } choice
            ? choice
            : null;
    }

    /// <returns>An exit code.</returns>
    public async Task<int> RunAsync(SidecarInputs inputs, PackageSupply supply, CancellationToken cancel)
    {
        if (await ChooseAsync(inputs, cancel) is not { } choice)
            return ExitCode.Done;
        if (choice.Package is not { } package)
        {
            // The agent stays as it is, which is no failure of this pass.
            progress.Warn(choice.Reason);
            Tell(null);
            return ExitCode.Done;
        }

        var delivery = HostSidecarPass.Delivery(paths, supply, bypassBackoff: !options.HostOnly);
        var work = delivery.InstallAsync(package, ReconcilePart.Upgrade, mayDowngrade: false, cancel);
        await progress.WhileAsync(() => delivery.Doing, work, TimeProvider.System);
        var failure = await work;
        Tell(failure);
        if (failure is null)
            progress.Done(choice.Reason);
        else
            progress.Failed($"{choice.Reason}: {failure.Message}");
        return failure is null ? ExitCode.Done : ExitCode.Failed;
    }

    // Where nobody looks at the sidecar nobody else writes the report.
    private void Tell(StepFailure? failure)
    {
        var report = _records.Report() ?? ReconcileReport.None;
        List<StepFailure> failures = [.. report.Failures.Where(earlier => earlier.Part != ReconcilePart.Upgrade)];
        if (failure is not null)
            failures.Add(failure);
        if (failures.Count > 0 || report.Failures.Count > 0)
            _records.Report(report with { Failures = failures });
    }
}
