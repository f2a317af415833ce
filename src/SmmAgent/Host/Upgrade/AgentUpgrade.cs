using SmmAgent.Core.Packages;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Host.Upgrade;

/// <summary>Upgrades the agent to a newer package that the mesh configuration offers.</summary>
/// <param name="waitsForConfirmation">Whether this reconcile is rolled back unless it is confirmed.</param>
internal sealed class AgentUpgrade(HostContext host, bool waitsForConfirmation)
{
    private readonly SidecarRecords _records = new(host.Paths);

    /// <returns>The newer package, or the reason not to install it; null if there is no newer one.</returns>
    public async Task<PackageChoice?> ChooseAsync(SidecarInputs inputs, CancellationToken cancel)
    {
        // The agent is not replaced while a change waits for its confirmation, because the agent would roll it back.
        if (!inputs.Settings.SelfUpgrade || waitsForConfirmation || _records.BeforeConfirm is not null
            || inputs.Packages is not { } packages)
            return null;

        // An agent without a package is a local build.
        return await host.Sidecar.InstalledVersionAsync(PackageChoice.AgentPackage, cancel) is { } installed
            && PackageChoice.ForAgent(
                inputs.Config, packages, installed) is { Outcome: PackageOutcome.Install or PackageOutcome.NoTrustedKey } choice
            ? choice
            : null;
    }

    /// <returns>An exit code.</returns>
    public async Task<int> RunAsync(SidecarInputs inputs, IPackageDelivery delivery, CancellationToken cancel)
    {
        if (await ChooseAsync(inputs, cancel) is not { } choice)
            return ExitCode.Done;
        if (choice.Package is not { } package)
        {
            // A package that is not installed is not a failure of the reconcile.
            host.Progress.Warn(choice.Reason);
            Record(null);
            return ExitCode.Done;
        }

        var work = delivery.InstallAsync(package, ReconcilePart.Upgrade, mayDowngrade: false, cancel);
        await host.Progress.WhileAsync(() => delivery.Doing, work, host.Time);
        var failure = await work;
        Record(failure);
        if (failure is null)
            host.Progress.Done(choice.Reason);
        else
            host.Progress.Failed($"{choice.Reason}: {failure.Message}");
        return failure is null ? ExitCode.Done : ExitCode.Failed;
    }

    // No other code writes the report if the sidecar is not observed.
    private void Record(StepFailure? failure)
    {
        var report = _records.Report() ?? ReconcileReport.None;
        List<StepFailure> failures = report.Failures.Where(earlier => earlier.Part != ReconcilePart.Upgrade).ToList();
        if (failure is not null)
            failures.Add(failure);
        if (failures.Count > 0 || report.Failures.Count > 0)
            _records.Report(report with { Failures = failures });
    }
}
