using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;
using SmmAgent.Host;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Tests.Host.Fakes;

/// <summary>A sidecar and a package manager in memory: tests set the answers.</summary>
internal sealed class FakeSidecar(HostRecord record) : ISidecarAccess, ISidecarReconciler, ISidecarTokenStore, IPackageDelivery, IDisposable
{
    public bool HasPackageManager { get; set; } = true;

    public PackageHost? Packages { get; set; }

    public ObservedSidecar Observed { get; set; } = Installed("1.15.3");

    public SidecarSnapshot? Snapshot { get; set; } = Before("1.15.3");

    public string? SnapshotFailure { get; set; }

    /// <summary>The version of the agent's package; null where it came with none.</summary>
    public string? AgentVersion { get; set; }

    public HashSet<string> KeptVersions { get; } = [];

    /// <summary>The plan of a dry run is made from this.</summary>
    public PackageChoice Choice { get; set; } = new(PackageOutcome.Installed, "istio-sidecar 1.15.3 is installed");

    public SidecarOutcome? ApplyOutcome { get; set; }

    /// <summary>The steps that an apply reports, one after the other.</summary>
    public IReadOnlyList<StepResult> ApplySteps { get; set; } = [];

    public IReadOnlyList<StepFailure> RestoreFailures { get; set; } = [];

    public string? RestoreBlocked { get; set; }

    public SidecarSnapshot? RestoredTo { get; private set; }

    public StepFailure? InstallFailure { get; set; }

    public bool HasKeptToken { get; set; }

    public Func<CancellationToken, Task<StepFailure?>> Renew { get; set; } = _ => Task.FromResult<StepFailure?>(null);

    public bool IsSourceClosed { get; private set; }

    public bool? IsForced { get; private set; }

    public string Doing => "";

    public SidecarAssessment Assessment => new(new SidecarSettings(), new(null, Choice, MayRestart: true, Hold: null), null, Observed, []);

    public static ObservedSidecar Installed(string? version, UnitActivity activity = UnitActivity.Running) => new(
        Observation<InstalledSidecar>.Known(new(version)),
        SidecarFiles.Observed.ToDictionary(path => path, _ => Observation<FoundFile>.Known(FoundFile.Missing)),
        new IstioToken(TokenVerdict.Use, "", null),
        Observation<SidecarUnit>.Known(new(activity, IsEnabled: version is not null, IsReady: true, Since: null)),
        IsCaptured: false);

    public static SidecarSnapshot Before(string? version) => new()
    {
        Version = version,
        Files = new Dictionary<string, FoundFile>(),
        Hosts = [],
        Folders = [],
        HasAccount = false,
        Tables = [],
        IsEnabled = false,
        IsRunning = false,
    };

    public Task<SidecarInputs> ReadInputsAsync(AgentSettings settings, MeshConfig config, IPAddress? address, CancellationToken cancel) =>
        Task.FromResult(new SidecarInputs(settings, config, null, "vm", Packages));

    public Task<ObservedSidecar> ObserveAsync(WorkloadGroup? group, CancellationToken cancel)
    {
        record.Add("sidecar observe");
        return Task.FromResult(Observed);
    }

    public ISidecarRestorer Restorer(IUnits? units) => this;

    public SidecarSession Open(AgentSettings settings, IHostDashboard dashboard, IUnits? units, bool force)
    {
        IsForced = force;
        return new(this, this, this);
    }

    public ISidecarTokenStore Tokens(IHostDashboard? dashboard) => this;

    public bool HasPackage(string name, string version) => KeptVersions.Contains(version);

    public Task<string?> InstalledVersionAsync(string package, CancellationToken cancel) => Task.FromResult(AgentVersion);

    public string RemovalCommand(string package) => $"remove {package}";

    public Task<SidecarAssessment> DryRunAsync(SidecarInputs inputs, CancellationToken cancel)
    {
        record.Add("sidecar dry run");
        return Task.FromResult(Assessment);
    }

    public Task<SidecarOutcome> ReportAsync(SidecarInputs inputs, CancellationToken cancel)
    {
        record.Add("sidecar report");
        return Task.FromResult(ApplyOutcome ?? new([], Assessment, null));
    }

    public Task<SidecarOutcome> ApplyAsync(SidecarInputs inputs, Action<StepResult> report, CancellationToken cancel)
    {
        record.Add("sidecar apply");
        cancel.ThrowIfCancellationRequested();
        foreach (var step in ApplySteps)
            report(step);
        return Task.FromResult(ApplyOutcome ?? new([], Assessment, null));
    }

    public Task<SidecarOutcome> RestoreAsync(
        SidecarSnapshot? before, Func<ObservedSidecar, Plan> planFor, Action<StepResult> report, CancellationToken cancel)
    {
        record.Add("sidecar restore");
        RestoredTo = before;
        if (RestoreBlocked is not null)
            return Task.FromResult(new SidecarOutcome([], null, RestoreBlocked));

        foreach (var step in planFor(Observed).Steps)
            report(new(step, StepOutcome.Done));
        return Task.FromResult(new SidecarOutcome(RestoreFailures, null, null));
    }

    public Task<(SidecarSnapshot? Before, string? Reason)> SnapshotAsync(WorkloadGroup? group, CancellationToken cancel)
    {
        record.Add("sidecar snapshot");
        return Task.FromResult(SnapshotFailure is null ? (Snapshot, (string?)null) : (null, SnapshotFailure));
    }

    public bool Restore(WorkloadGroup group)
    {
        record.Add("token restore");
        return HasKeptToken;
    }

    public Task<StepFailure?> RenewAsync(WorkloadGroup group, CancellationToken cancel)
    {
        record.Add("token renew");
        return Renew(cancel);
    }

    public Task<StepFailure?> InstallAsync(Package package, ReconcilePart part, bool mayDowngrade, CancellationToken cancel)
    {
        record.Add($"install {package.Name} {package.Version}{(mayDowngrade ? ", also older" : "")}");
        return Task.FromResult(InstallFailure);
    }

    public bool Has(string name, string version) => KeptVersions.Contains(version);

    public void Dispose() => IsSourceClosed = true;
}
