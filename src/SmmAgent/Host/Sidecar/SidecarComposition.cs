using SmmAgent.Core.Settings;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Network.Probes;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host.Sidecar;

/// <summary>Composes the types that observe the sidecar of this host, for the daemon, the checks and the host operations.</summary>
public static class SidecarComposition
{
    public static SidecarInputReader InputReader(TimeProvider time) => new(new NameLookup(time), PackageTools.Find());

    /// <summary>Finds the connections of this process that the sidecar captures.</summary>
    public static FindCaptured Captured(TimeProvider time)
    {
        var capture = new SidecarCapture(new CommandRunner());
        return new CaptureProbe(
            time,
            Capabilities.HaveNetAdmin() ? capture.IsInPlaceAsync : null,
            () => ListeningSockets.Tcp().Any(socket => socket.Local.Port == SidecarReadiness.CapturePort)).FindAsync;
    }

    /// <param name="isRoot">Whether to observe also the state that only root can read, with commands.</param>
    public static SidecarObserver Observer(AgentPaths paths, TimeProvider time, bool isRoot) => new(
        new SafeFileSystem(paths.Root),
        new InstalledPackage(PackageTools.Find()),
        () => HostUnits.Open(paths.Root, time),
        new SidecarReadiness(time),
        new SidecarCapture(new CommandRunner()),
        isRoot);
}
