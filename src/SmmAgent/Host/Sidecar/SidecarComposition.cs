using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Network.Probes;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host.Sidecar;

/// <summary>Composes the types that observe and reconcile this host's own sidecar: the daemon observes, root reconciles.</summary>
public static class SidecarComposition
{
    public static SidecarInputReader InputReader(TimeProvider time) => new(new NameLookup(time), PackageTools.Find());

    /// <summary>Which of this process's own connections the sidecar captures.</summary>
    public static FindCaptured Captured(TimeProvider time)
    {
        var capture = new SidecarCapture(new CommandRunner());
        return new CaptureProbe(
            time,
            Capabilities.HaveNetAdmin() ? capture.IsInPlaceAsync : null,
            () => ListeningSockets.Tcp().Any(socket => socket.Local.Port == SidecarReadiness.CapturePort)).FindAsync;
    }

    /// <param name="isRoot">Whether everything is observed, with commands.</param>
    public static SidecarObserver Observer(AgentPaths paths, TimeProvider time, bool isRoot) => new(
        new SafeFileSystem(paths.Root),
        new InstalledPackage(PackageTools.Find()),
        () => HostUnits.Open(paths.Root, time),
        new SidecarReadiness(time),
        new SidecarCapture(new CommandRunner()),
        isRoot);

    /// <summary>Observes, plans and restores. It fetches neither packages nor tokens.</summary>
    /// <param name="units">Null where the host has no systemd.</param>
    public static SidecarRestorer Restorer(AgentPaths paths, IUnits? units) => new(
        Observer(paths, TimeProvider.System, isRoot: true),
        Executor(paths, units, client: null, Delivery(paths, supply: null, bypassBackoff: false)),
        new SidecarRecords(paths),
        new AgentLock(paths.HostLock, TimeProvider.System),
        TimeProvider.System,
        Jitter.Next);

    /// <param name="units">Null where the host has no systemd.</param>
    /// <param name="bypassBackoff">Whether a person waits for the result, so that a failed download is tried again at once.</param>
    public static SidecarReconciler Reconciler(AgentPaths paths, IUnits? units, IHostDashboard client, PackageSupply supply, bool bypassBackoff) => new(
        Observer(paths, TimeProvider.System, isRoot: true),
        Executor(paths, units, client, Delivery(paths, supply, bypassBackoff)),
        new SidecarRecords(paths),
        new AgentLock(paths.HostLock, TimeProvider.System),
        TimeProvider.System,
        Jitter.Next);

    private static SidecarStepExecutor Executor(AgentPaths paths, IUnits? units, IHostDashboard? client, PackageDelivery packages)
    {
        var files = new SafeFileSystem(paths.Root);
        var commands = new CommandRunner();
        return new(
            files, units, new SidecarTokens(files, paths.HostToken, client, TimeProvider.System), packages, new SidecarCapture(commands), commands);
    }

    public static PackageSupply Supply(AgentPaths paths, AgentSettings settings, PackageSource source) =>
        new(source, Approval(paths, settings));

    public static PackageApproval Approval(AgentPaths paths, AgentSettings settings) =>
        new(PackageTrust.From(settings), new(paths.AcceptedPackageLists), TimeProvider.System);

    public static PackageDelivery Delivery(AgentPaths paths, PackageSupply? supply, bool bypassBackoff) => new(
        new PackageCache(paths.PackageCache), supply,
        new PackageInstaller(PackageTools.Find(), inUnit: HostUnits.CanRun(paths.Root), mayRunDirect: !HostUnits.IsSandboxed()), TimeProvider.System, bypassBackoff,
        () => new SidecarRecords(paths).Versions);
}
