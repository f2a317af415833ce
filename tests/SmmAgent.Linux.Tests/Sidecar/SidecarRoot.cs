using System.Net;
using NSubstitute;
using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;
using SmmAgent.Linux.Tests.Files;

namespace SmmAgent.Linux.Tests.Sidecar;

/// <summary>
/// Real files of a host below a root folder of their own. The test sets the answers of dpkg-query and systemd, and other commands do
/// nothing.
/// </summary>
internal sealed class SidecarRoot : IDisposable
{
    private readonly GuardedRoot _root = new();

    public SidecarRoot()
    {
        Paths = new AgentPaths(_root.Root);
        foreach (var folder in (string[])[
            "/var/lib/dpkg", "/var/lib/istio/envoy", "/etc/smm/sidecar", "/etc/istio/config", "/var/lib/smm-agent-host"])
            Directory.CreateDirectory(_root.Below(folder));
        GuardedRoot.Run("ln", "-s", "../run", _root.Below("/var/run"));
        File.WriteAllText(_root.Below("/etc/hosts"), "127.0.0.1 localhost\n");
        File.WriteAllText(_root.Below("/var/lib/dpkg/status"), "1.15.3");
        Records = new SidecarRecords(Paths);
        Units.ObserveService(SidecarObserver.Unit)
            .Returns(new ServiceState(new("istio.service", "loaded", "inactive", "dead", "disabled"), 0, null, 0, "success"));
    }

    public AgentPaths Paths { get; }

    public GuardedRoot Root => _root;

    public SidecarRecords Records { get; }

    public IUnits Units { get; } = Substitute.For<IUnits>();

    public static SidecarInputs Inputs(MeshConfig config) => new(
        new() { DashboardUrl = new("https://smm.example.com") },
        config,
        new(IPAddress.Parse("198.18.0.100"), AddressIsExternal: false, [IPAddress.Parse("198.18.0.11")]),
        "vm-1",
        new(PackageFormat.Deb, "amd64", SourceIsTrusted: true, new PackageTrust([], AllowsUnsignedSidecar: true, [])));

    public static MeshConfig Config => MeshConfigReader.Read(System.Text.Encoding.UTF8.GetBytes(Sample.ConfigText())).Value!;

    public SidecarObserver Observer(bool isRoot = true) => new(
        new SafeFileSystem(_root.Root),
        new InstalledPackage(new("apt-get", PackageFormat.Deb),
            ["sh", "-c", $"printf 'installed ok %s\\n' \"$(cat {_root.Below("/var/lib/dpkg/status")})\""], _root.Root),
        () => (Units, null),
        new SidecarReadiness(TimeProvider.System, 1),
        new SidecarCapture(Nothing),
        isRoot);

    public SidecarReconciler Pass()
    {
        var files = new SafeFileSystem(_root.Root);
        return new(Observer(), Host(), Records, new AgentLock(Paths.HostLock, TimeProvider.System), TimeProvider.System, () => 0);
    }

    public SidecarStepExecutor Host() => new(
        new SafeFileSystem(_root.Root),
        Units,
        new SidecarTokens(new SafeFileSystem(_root.Root), Paths.HostToken, null, TimeProvider.System),
        new PackageDelivery(new PackageCache(Paths.PackageCache), null, new PackageInstaller(new("apt-get", PackageFormat.Deb), ["false"]),
            TimeProvider.System, bypassBackoff: false, () => []),
        new SidecarCapture(Nothing),
        Nothing);

    public void Dispose() => _root.Dispose();

    private static CommandRunner Nothing => new(prefix: ["true"]);
}
