using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Host.Sidecar;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host.Composition;

/// <summary>The sidecar and the packages of the real host.</summary>
internal sealed class SidecarAccess(AgentPaths paths, TimeProvider time) : ISidecarAccess
{
    public bool HasPackageManager => PackageTools.Find().Format is not null;

    public Task<SidecarInputs> ReadInputsAsync(AgentSettings settings, MeshConfig config, IPAddress? address, CancellationToken cancel) =>
        SidecarComposition.InputReader(time).ReadAsync(settings, config, address, cancel);

    public Task<ObservedSidecar> ObserveAsync(WorkloadGroup? group, CancellationToken cancel) =>
        Observer().ObserveAsync(group, null, time.GetUtcNow(), cancel);

    public ISidecarRestorer Restorer(IUnits? units) => new SidecarRestorer(
        Observer(),
        Executor(units, dashboard: null, Delivery(supply: null, bypassBackoff: false)),
        new SidecarRecords(paths),
        new AgentLock(paths.HostLock, time),
        time,
        Jitter.Next);

    public SidecarSession Open(AgentSettings settings, IHostDashboard dashboard, IUnits? units, bool force)
    {
        var source = new PackageSource(settings.DashboardUrl!, settings.CaFile, ProgramVersion.Current, proxy: settings.Proxy);
        var approval = new PackageApproval(PackageTrust.From(settings), new(paths.AcceptedPackageLists), time);
        var supply = new PackageSupply(source, approval);
        var reconciler = new SidecarReconciler(
            Observer(),
            Executor(units, dashboard, Delivery(supply, bypassBackoff: force)),
            new SidecarRecords(paths),
            new AgentLock(paths.HostLock, time),
            time,
            Jitter.Next);
        return new(reconciler, Delivery(supply, bypassBackoff: force), source);
    }

    public ISidecarTokenStore Tokens(IHostDashboard? dashboard) =>
        new SidecarTokens(new SafeFileSystem(paths.Root), paths.HostToken, dashboard, time);

    public bool HasPackage(string name, string version) => Delivery(supply: null, bypassBackoff: false).Has(name, version);

    public async Task<string?> InstalledVersionAsync(string package, CancellationToken cancel)
    {
        var (state, _) = await new InstalledPackage(PackageTools.Find()).ReadAsync(package, cancel);
        return state?.Version;
    }

    public string RemovalCommand(string package) => PackageTools.Find().Remove(package);

    private SidecarObserver Observer() => SidecarComposition.Observer(paths, time, isRoot: true);

    private SidecarStepExecutor Executor(IUnits? units, IHostDashboard? dashboard, PackageDelivery packages)
    {
        var files = new SafeFileSystem(paths.Root);
        var commands = new CommandRunner();
        return new(
            files, units, new SidecarTokens(files, paths.HostToken, dashboard, time), packages, new SidecarCapture(commands), commands);
    }

    private PackageDelivery Delivery(PackageSupply? supply, bool bypassBackoff) => new(
        new PackageCache(paths.PackageCache),
        supply,
        new PackageInstaller(PackageTools.Find(), inUnit: HostUnits.CanRun(paths.Root), mayRunDirect: !HostUnits.IsSandboxed()),
        time,
        bypassBackoff,
        () => new SidecarRecords(paths).Versions);
}
