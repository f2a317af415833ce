using SmmAgent.Core.Packages;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Host.Upgrade;

/// <summary>The agent's own upgrade: a newer package of it that the mesh configuration offers.</summary>
/// <param name="waitsForConfirmation">Whether this reconcile is undone unless it is confirmed.</param>
internal sealed class AgentUpgrade(HostContext host, bool waitsForConfirmation)
{
    private readonly SidecarRecords _records = new(host.Paths);

    /// <returns>What is to be installed, or why the newer one cannot be; null for nothing.</returns>
    public async Task<PackageChoice?> ChooseAsync(SidecarInputs inputs, CancellationToken cancel)
    {
        // While a change waits for its confirmation the agent itself stays what it is: it is what would undo it.
        if (!inputs.Settings.SelfUpgrade || waitsForConfirmation || _records.BeforeConfirm is not null || inputs.Packages is not { } packages)
            return null;

        // An agent without a package is a local build.
        return await host.Sidecar.InstalledVersionAsync(PackageChoice.AgentPackage, cancel) is { } installed
            && PackageChoice.ForAgent(inputs.Config, packages, installed) is { Outcome: PackageOutcome.Install or PackageOutcome.NoTrustedKey } choice
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
            // The agent stays as it is, which is no failure of this pass.
            host.Progress.Warn(choice.Reason);
            Tell(null);
            return ExitCode.Done;
        }

        var work = delivery.InstallAsync(package, ReconcilePart.Upgrade, mayDowngrade: false, cancel);
        await host.Progress.WhileAsync(() => delivery.Doing, work, host.Time);
        var failure = await work;
        Tell(failure);
        if (failure is null)
            host.Progress.Done(choice.Reason);
        else
            host.Progress.Failed($"{choice.Reason}: {failure.Message}");
        return failure is null ? ExitCode.Done : ExitCode.Failed;
    }

    // Without an observation of the sidecar, no other code writes the report.
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
