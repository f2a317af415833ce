using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Host.Sidecar;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;
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
        SidecarComposition.Observer(paths, time, isRoot: true).ObserveAsync(group, null, time.GetUtcNow(), cancel);

    public ISidecarRestorer Restorer(IUnits? units) => SidecarComposition.Restorer(paths, units);

    public SidecarSession Open(AgentSettings settings, IHostDashboard dashboard, IUnits? units, bool force)
    {
        var source = new PackageSource(settings.DashboardUrl!, settings.CaFile, ProgramVersion.Current);
        var supply = SidecarComposition.Supply(paths, settings, source);
        return new(
            SidecarComposition.Reconciler(paths, units, dashboard, supply, bypassBackoff: force),
            SidecarComposition.Delivery(paths, supply, bypassBackoff: force),
            source);
    }

    public ISidecarTokenStore Tokens(IHostDashboard? dashboard) =>
        new SidecarTokens(new SafeFileSystem(paths.Root), paths.HostToken, dashboard, time);

    public bool HasPackage(string name, string version) => SidecarComposition.Delivery(paths, null, bypassBackoff: false).Has(name, version);

    public async Task<string?> InstalledVersionAsync(string package, CancellationToken cancel)
    {
        var (state, _) = await new InstalledPackage(PackageTools.Find()).ReadAsync(package, cancel);
        return state?.Version;
    }

    public string RemovalCommand(string package) => PackageTools.Find().Remove(package);
}
