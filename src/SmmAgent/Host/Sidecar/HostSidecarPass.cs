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

/// <summary>The pass over this host's own sidecar: the daemon looks, root does.</summary>
public static class HostSidecarPass
{
    public static SidecarHostContext Surroundings(TimeProvider time) => new(new NameLookup(time), PackageTools.Find());

    /// <summary>Which of this process's own connections the sidecar captures.</summary>
    public static FindCaptured Captured(TimeProvider time)
    {
        var capture = new SidecarCapture(new CommandRunner());
        return new CaptureProof(
            time,
            Capabilities.HaveNetAdmin() ? capture.IsInPlaceAsync : null,
            () => ListeningSockets.Tcp().Any(socket => socket.Local.Port == SidecarReadiness.CapturePort)).FindAsync;
    }

    /// <param name="isRoot">Whether all is looked at, with commands.</param>
    public static SidecarObserver Observer(AgentPaths paths, TimeProvider time, bool isRoot) => new(
        new GuardedFiles(paths.Root),
        new InstalledPackage(PackageTools.Find()),
        () => HostUnits.Open(paths.Root, time),
        new SidecarReadiness(time),
        new SidecarCapture(new CommandRunner()),
        isRoot);

    /// <param name="units">Null where the host has no systemd.</param>
    /// <param name="client">Null where no dashboard is asked.</param>
    /// <param name="supply">Where packages come from; null where none are fetched.</param>
    /// <param name="insists">Whether somebody waits for it.</param>
    public static SidecarReconciler Create(AgentPaths paths, IUnits? units, DashboardClient? client, PackageSupply? supply, bool insists)
    {
        var time = TimeProvider.System;
        var files = new GuardedFiles(paths.Root);
        var commands = new CommandRunner();
        var host = new SidecarStepExecutor(
            files, units, new SidecarTokens(files, paths.HostToken, client, time), Delivery(paths, supply, insists), new SidecarCapture(commands), commands);
        return new(Observer(paths, time, isRoot: true), host, new SidecarRecords(paths), new AgentLock(paths.HostLock, time), time, Jitter.Next);
    }

    public static PackageSupply Supply(AgentPaths paths, AgentSettings settings, PackageSource source) =>
        new(source, Approval(paths, settings));

    public static PackageApproval Approval(AgentPaths paths, AgentSettings settings) =>
        new(PackageTrust.From(settings), new(paths.AcceptedPackageLists), TimeProvider.System);

    public static PackageDelivery Delivery(AgentPaths paths, PackageSupply? supply, bool insists) => new(
        new PackageCache(paths.PackageCache), supply,
        new PackageInstaller(PackageTools.Find(), inUnit: HostUnits.CanRun(paths.Root), mayRunDirect: !HostUnits.IsSandboxed()), TimeProvider.System, insists,
        () => new SidecarRecords(paths).Versions);
}
