using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Tests.Files;

namespace SmmAgent.Linux.Tests.Sidecar;

public sealed class SidecarObserverTests : IDisposable
{
    private readonly GuardedRoot _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void FolderThatTheSidecarHasClosedIsUnknownToTheDaemonAndNotAFailure()
    {
        _root.Write(SidecarFiles.RootCertificate, "certificates", mode: GuardedRoot.Private);
        var report = ReconcileReport.None with { RootCertificate = _root.Files.Read(SidecarFiles.RootCertificate, 100) };
        GuardedRoot.Run("chmod", "700", _root.Below("/etc/certs"));
        GuardedRoot.Run("chown", "root", _root.Below("/etc/certs"));
        ObservedSidecar? observed = null;

        GuardedRoot.AsOther(() => observed = Daemon().ObserveAsync(null, report, DateTimeOffset.UnixEpoch, CancellationToken.None)
            .GetAwaiter().GetResult());

        Assert.Contains("/etc/certs", observed!.Files[SidecarFiles.RootCertificate].UnknownReason, StringComparison.Ordinal);
        Assert.Empty(observed.PendingRootReads);
    }

    private SidecarObserver Daemon() => new(
        _root.Files,
        new InstalledPackage(new PackageTools(null, null)),
        () => (null, "there is no systemd"),
        new SidecarReadiness(TimeProvider.System),
        new SidecarCapture(new CommandRunner(prefix: ["no-such-program"])),
        isRoot: false);
}
