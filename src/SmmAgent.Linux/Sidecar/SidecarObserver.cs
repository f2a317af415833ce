using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Sidecar;

/// <summary>
/// Observes the sidecar. What this process cannot read comes from the report of the privileged reconcile, while that is still valid.
/// </summary>
/// <param name="openUnits">Connects to systemd; returns null and the reason when that fails.</param>
/// <param name="isRoot">Whether everything is observed; otherwise few commands are run while the sidecar runs.</param>
public sealed class SidecarObserver(
    SafeFileSystem files,
    InstalledPackage package,
    Func<(IUnits? Units, string? Reason)> openUnits,
    SidecarReadiness readiness,
    SidecarCapture capture,
    bool isRoot)
{
    public const string Unit = "istio.service";

    /// <summary>The maximum size of a file of the sidecar's configuration.</summary>
    public const int MaximumFileBytes = 2 * 1024 * 1024;

    private const string Program = "/usr/local/bin/pilot-agent";

    // /etc/hosts may also have a block list for advertisements.
    internal const int MaximumHostsBytes = 32 * 1024 * 1024;

    private const int MaximumTokenBytes = 64 * 1024;
    private const int MaximumCertificateBytes = 256 * 1024;

    private static readonly TimeSpan CaptureKept = TimeSpan.FromMinutes(10);

    private (DateTimeOffset? Since, DateTimeOffset At, IReadOnlyList<string> In) _captured = (null, default, []);

    /// <summary>Observes the sidecar and assesses it.</summary>
    /// <param name="report">The last report of the privileged reconcile.</param>
    public async Task<SidecarAssessment> AssessAsync(SidecarInputs inputs, ReconcileReport? report, DateTimeOffset now, double random,
        CancellationToken cancel)
    {
        var observed = await ObserveAsync(inputs.Config.WorkloadGroup, report, now, cancel);
        TimeZoneInfo.ClearCachedData(); // the operator may have set another
        return inputs.Assess(observed, report, now, TimeZoneInfo.Local, random);
    }

    /// <param name="group">The group of the token; null where the token is not observed.</param>
    /// <param name="report">The last report of the privileged reconcile.</param>
    public async Task<ObservedSidecar> ObserveAsync(WorkloadGroup? group, ReconcileReport? report, DateTimeOffset now,
        CancellationToken cancel)
    {
        List<string> forRoot = [];
        var unit = ObserveUnit();
        if (unit.Value is { Activity: UnitActivity.Running } running)
        {
            var isReady = await readiness.IsReadyAsync(cancel);
            unit = Observation<SidecarUnit>.Known(running with
            {
                IsReady = isReady,
                IsNotAccepting = !isReady
                && await readiness.IsNotAcceptingAsync(cancel)
            });
        }

        var found = SidecarFiles.Observed.ToDictionary(path => path, path => ObserveFile(path, report, forRoot));
        var isRunning = unit.Value is { Activity: UnitActivity.Running };
        var installed = await PackageAsync(cancel);
        var failure = installed.Value?.Version is null ? null : await FailureAsync(unit.Value, report, now, cancel);
        var capturedIn = await CapturedInAsync(isRunning ? unit.Value!.Since : null, now, cancel);
        return new(installed, found, Token(group, report, now, forRoot), unit, (isRunning && !isRoot) || capturedIn.Count > 0)
        {
            Certificate = Certificate(report, forRoot),
            Failure = failure,
            CapturedIn = capturedIn,
            At = now,
            PendingRootReads = forRoot,
            HasAccount = UserNames.Owner(SidecarFiles.SidecarUser) is not null,
            Tables = isRoot ? SidecarCapture.Tables() : [],
        };
    }

    // Only root can read the journal; its report counts until a sidecar runs.
    private async Task<SidecarFailure?> FailureAsync(SidecarUnit? unit, ReconcileReport? report, DateTimeOffset now,
        CancellationToken cancel)
    {
        if (SidecarLog.NewestFailure(Log(SidecarLog.ErrorFile), Log(SidecarLog.File), unit?.Since, now) is { } failure)
            return failure;
        if (unit is null or { Activity: UnitActivity.Running or UnitActivity.Stopped })
            return null;

        return isRoot ? SidecarLog.NewestFailure(await capture.JournalAsync(cancel), SidecarLogText.Empty, null, now) : report?.Failure;
    }

    private SidecarLogText Log(string path) => SidecarLogFiles.Read(files.Root.TrimEnd('/') + path).Value ?? SidecarLogText.Empty;

    private FoundCertificate? Certificate(ReconcileReport? report, List<string> forRoot)
    {
        try
        {
            var file = files.ReadMetadata(SidecarFiles.Certificate);
            if (file.Owner.Length == 0)
                return null;
            if (isRoot)
                return FoundCertificate.Read(CertificateText(), file.Modified);

            if (report?.Certificate?.Modified != file.Modified)
                forRoot.Add($"read {SidecarFiles.Certificate}");
            return report?.Certificate;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null;
        }
    }

    // The folder belongs to the sidecar: its entry may not be a file, and then it has no identity.
    private string CertificateText()
    {
        try
        {
            return files.Read(SidecarFiles.Certificate, MaximumCertificateBytes).Content ?? "";
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return "";
        }
    }

    // While the sidecar runs, its rules rarely change: the daemon need not run commands at each observation.
    private async Task<IReadOnlyList<string>> CapturedInAsync(DateTimeOffset? since, DateTimeOffset now, CancellationToken cancel)
    {
        if (!isRoot && since is not null && _captured.Since == since && now >= _captured.At && now - _captured.At < CaptureKept)
            return _captured.In;

        var found = await capture.BackendsAsync(cancel);
        _captured = (since, now, found);
        return found;
    }

    private async Task<Observation<InstalledSidecar>> PackageAsync(CancellationToken cancel)
    {
        var (state, reason) = await package.ReadAsync(PackageChoice.SidecarPackage, cancel);
        return state is null ? Observation<InstalledSidecar>.Unknown(reason!)
            : !state.IsComplete ? Observation<InstalledSidecar>.Known(new(null, null, IsPartiallyInstalled: true))
            : Observation<InstalledSidecar>.Known(new(state.Version, state.Version is null ? null : files.ChangedAt(Program)));
    }

    private Observation<SidecarUnit> ObserveUnit()
    {
        try
        {
            var (units, reason) = openUnits();
            using (units)
                return units is null
                    ? Observation<SidecarUnit>.Unknown(reason!)
                    : Observation<SidecarUnit>.Known(Meaning(units.ObserveService(Unit)));
        }
        catch (IOException exception)
        {
            return Observation<SidecarUnit>.Unknown(exception.Message);
        }
    }

    private static SidecarUnit Meaning(ServiceState service)
    {
        var activity = service switch
        {
            { IsActive: true } => UnitActivity.Running,
            { Active: "failed" } => UnitActivity.Failed,
            { Active: "activating" or "reloading" } => UnitActivity.Starting,
            _ => UnitActivity.Stopped,
        };
        return new(activity, service.IsEnabled, IsReady: false, service.Since, service.Restarts, service.IsMasked)
        {
            IsMaskedAtRuntime = service.IsMaskedAtRuntime,
            HasStartEnvironment = SidecarFiles.StartEnvironment.All(
                variable => service.Environment.Contains($"{variable.Key}={variable.Value}")),
        };
    }

    private Observation<FoundFile> ObserveFile(string path, ReconcileReport? report, List<string> forRoot)
    {
        try
        {
            if (SidecarFiles.PackageFiles.Contains(path))
                return Observation<FoundFile>.Known(OfPackage(path));
            if (!SidecarFiles.Watched.Contains(path) || path == SidecarFiles.Token)
                return Observation<FoundFile>.Known(WithoutSecret(path));
            return Observation<FoundFile>.Known(
                path == SidecarFiles.HostsFile
                    ? files.Read(files.Followed(path), MaximumHostsBytes)
                    : files.Read(path, MaximumFileBytes, Encoding.UTF8));
        }
        catch (UnauthorizedAccessException) when (!isRoot && path == SidecarFiles.RootCertificate)
        {
            return FromRoot(report, forRoot);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return Observation<FoundFile>.Unknown(FileErrors.Describe(exception));
        }
    }

    // The sidecar's user may put anything there, including entries that cannot be read.
    private FoundFile OfPackage(string path)
    {
        try
        {
            return files.Read(path, MaximumFileBytes, Encoding.UTF8);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return files.ReadMetadata(path);
        }
    }

    // For the token only its existence is observed: its text is not copied.
    private FoundFile WithoutSecret(string path) =>
        files.ReadMetadata(path) is var found && path == SidecarFiles.Token && found.Owner.Length > 0 ? found with { Content = "" } : found;

    // Any user can read its owner. The sidecar writes it at each renewal of its own certificate; until the next privileged reconcile, the
    // last report counts.
    private Observation<FoundFile> FromRoot(ReconcileReport? report, List<string> forRoot)
    {
        try
        {
            var file = files.ReadMetadata(SidecarFiles.RootCertificate);
            if (report?.RootCertificate?.Modified != file.Modified)
                forRoot.Add($"read {SidecarFiles.RootCertificate}");
            return report?.RootCertificate is { } shown
                ? Observation<FoundFile>.Known(file with { Content = shown.Content })
                : Observation<FoundFile>.Unknown($"only root can read {SidecarFiles.RootCertificate}, and it has not done so yet");
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            // The folder also belongs to the sidecar, which may close it.
            return Observation<FoundFile>.Unknown(FileErrors.Describe(exception));
        }
    }

    private IstioToken Token(WorkloadGroup? group, ReconcileReport? report, DateTimeOffset now, List<string> forRoot)
    {
        if (group is null)
            return new(TokenVerdict.Use, "the istio-token is not observed", null);

        try
        {
            if (isRoot)
                return IstioToken.Evaluate(files.Read(SidecarFiles.Token, MaximumTokenBytes).Content, group, now);

            var file = files.ReadMetadata(SidecarFiles.Token);
            if (file.Owner.Length == 0)
                return IstioToken.Evaluate(null, group, now);
            if (report?.TokenModified != file.Modified)
                forRoot.Add($"read {SidecarFiles.Token}");
            return report?.Token.At(now) ?? new(TokenVerdict.Use, "root has not read the istio-token yet", null);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return new(TokenVerdict.Unusable, FileErrors.Describe(exception), null);
        }
    }
}
