using NSubstitute;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Tests.Files;

namespace SmmAgent.Linux.Tests.Sidecar;

/// <summary>The effect of the privileged steps on files. The tests on VMs cover systemd, packages and the user istio-proxy.</summary>
public sealed class SidecarStepExecutorTests : IDisposable
{
    private readonly SidecarRoot _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void FilesAreWrittenTogetherOrNotAtAll()
    {
        var failure = _host.Host().Write(
        [
            new WriteSidecarFile(File(SidecarFiles.ClusterEnvironment, "root"), "it is missing"),
            new SetHosts(["198.18.0.11 istiod.istio-system.svc"]),
            new WriteSidecarFile(File(SidecarFiles.MeshFile, "smm-no-such-user"), "it is missing"),
        ]);

        Assert.Equal((ReconcilePart.Files, StepFailureReason.NotWritten), (failure!.Part, failure.Reason));
        Assert.Contains("smm-no-such-user", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_host.Root.Names("/var/lib/istio/envoy"));
        Assert.Empty(_host.Root.Names("/etc/istio/config"));
        Assert.Equal("127.0.0.1 localhost\n", Text(SidecarFiles.HostsFile));
    }

    [Fact]
    public void FileWithTheSameContentIsReplacedAndKeepsItsTime()
    {
        var path = _host.Root.Below(SidecarFiles.ClusterEnvironment);
        var file = File(SidecarFiles.ClusterEnvironment, "root");
        _host.Root.Write(SidecarFiles.ClusterEnvironment, file.Content);
        using var open = System.IO.File.Open(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        System.IO.File.SetLastWriteTimeUtc(path, new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        var found = _host.Root.Files.ReadMetadata(SidecarFiles.ClusterEnvironment);

        Assert.Null(_host.Host().Write([new WriteSidecarFile(file, "it is istio-proxy's") { Modified = found.Modified }]));
        open.Write("CA_ADDR='evil:15012'\n"u8);
        open.Flush();

        Assert.Equal(file.Content, Text(SidecarFiles.ClusterEnvironment));
        Assert.Equal(found.Modified, _host.Root.Files.ReadMetadata(SidecarFiles.ClusterEnvironment).Modified);
    }

    [Fact]
    public void HostsFileKeepsItsOtherLinesItsOwnerAndItsMode()
    {
        var hosts = _host.Root.Below(SidecarFiles.HostsFile);
        byte[] theirs = [0xff, .. "\t127.0.0.1 localhost\r\n"u8];
        System.IO.File.WriteAllBytes(hosts, theirs);
        System.IO.File.SetUnixFileMode(hosts, GuardedRoot.Public | UnixFileMode.GroupWrite);
        GuardedRoot.Run("chown", GuardedRoot.Other, hosts);
        var owner = FileOwner.Read(hosts);

        Assert.Null(_host.Host().Write([new SetHosts(["198.18.0.11 istiod.istio-system.svc"])]));
        Assert.Contains("\n198.18.0.11 istiod.istio-system.svc\n", Text(SidecarFiles.HostsFile), StringComparison.Ordinal);
        Assert.Equal((owner, GuardedRoot.Public | UnixFileMode.GroupWrite), (FileOwner.Read(hosts), System.IO.File.GetUnixFileMode(hosts)));

        Assert.Null(_host.Host().Write([new SetHosts([])]));
        Assert.Equal(theirs, System.IO.File.ReadAllBytes(hosts));
    }

    [Fact]
    public void MissingHostsFileIsCreated()
    {
        System.IO.File.Delete(_host.Root.Below(SidecarFiles.HostsFile));

        Assert.Null(_host.Host().Write([new SetHosts(["198.18.0.11 istiod.istio-system.svc"])]));

        Assert.Equal(GuardedRoot.Public, System.IO.File.GetUnixFileMode(_host.Root.Below(SidecarFiles.HostsFile)));
    }

    [Fact]
    public async Task OnlyTheSidecarsEntriesAreRemovedFromSharedFolders()
    {
        foreach (var path in (string[])
            ["/etc/certs/root-cert.pem", "/etc/certs/key.pem", "/etc/certs/theirs.pem", "/run/secrets/tokens/istio-token",
                "/run/secrets/kubernetes/token", "/var/log/istio/istio.log"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_host.Root.Below(path))!);
            _host.Root.Write(path, "x");
        }

        foreach (var folder in SidecarFiles.Folders)
            Assert.Null(await _host.Host().ApplyAsync(new RemoveSidecarFolder(folder), null, TestContext.Current.CancellationToken));

        Assert.Equal(["theirs.pem"], _host.Root.Names("/etc/certs"));
        Assert.Equal(["kubernetes"], _host.Root.Names("/run/secrets"));
        Assert.False(Directory.Exists(_host.Root.Below("/var/log/istio")));
        Assert.False(Directory.Exists(_host.Root.Below("/var/lib/istio")));
        Assert.False(Directory.Exists(_host.Root.Below("/etc/istio")));
    }

    [Fact]
    public async Task NothingIsStartedDuringAShutdown()
    {
        _host.Units.IsStopping.Returns(true);

        var failure = await _host.Host().ApplyAsync(new StartSidecar(), null, TestContext.Current.CancellationToken);

        Assert.Equal(new StepFailure(ReconcilePart.Unit, "", StepFailureReason.Failed, "this host is being shut down"), failure);
    }

    [Fact]
    public async Task ProtectionOfAMissingFileIsReportedAsAFailure()
    {
        var failure = await _host.Host().ApplyAsync(
            new ProtectSidecarFile(SidecarFiles.MeshFile, "root", GuardedRoot.Public, "it is another's"), null,
            TestContext.Current.CancellationToken);

        Assert.Equal((ReconcilePart.Files, $"{SidecarFiles.MeshFile} is missing"), (failure!.Part, failure.Message));
    }

    private static SidecarFile File(string path, string owner) => new(path, "content\n", owner, GuardedRoot.Public, NeedsRestart: true);

    private string Text(string path) => System.IO.File.ReadAllText(_host.Root.Below(path));
}
