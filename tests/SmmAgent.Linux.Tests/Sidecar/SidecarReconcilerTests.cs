using NSubstitute;
using NSubstitute.ExceptionExtensions;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Tests.Files;

namespace SmmAgent.Linux.Tests.Sidecar;

/// <summary>
/// The file steps of the privileged reconcile. This host has no user istio-proxy, the owner of the mesh's root certificates, so a reconcile
/// that writes the whole configuration fails between two states.
/// </summary>
public sealed class SidecarReconcilerTests : IDisposable
{
    private readonly SidecarRoot _host = new();
    private readonly List<StepResult> _results = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task FailedReconcileRestoresTheHostAndReportsTheFailure()
    {
        Assert.SkipWhen(UserNames.Owner(SidecarFiles.SidecarUser) is not null, "this host has a user istio-proxy");
        var pass = _host.Pass();

        var outcome = await pass.ApplyAsync(SidecarRoot.Inputs(SidecarRoot.Config), _results.Add, Cancel);

        Assert.True(outcome.IsRolledBack);
        var failure = Assert.Single(outcome.Failures);
        Assert.Equal((ReconcilePart.Files, StepFailureReason.NotWritten), (failure.Part, failure.Reason));
        Assert.Equal(
            ["write", "reload", "remove", "reload"],
            _results.Where(result => result.Step is ReloadUnits || $"{result.Step}".Contains(SidecarFiles.DropIn, StringComparison.Ordinal))
            .Select(result => $"{result.Step}".Split(' ')[0]));
        Assert.All(
            _results.Where(result => result.Step is WriteSidecarFile { File.Path: not SidecarFiles.DropIn } or SetHosts),
            result => Assert.Equal((StepOutcome.Failed, failure.Message), (result.Outcome, result.Reason)));
        Assert.False(Directory.Exists(_host.Root.Below(Path.GetDirectoryName(SidecarFiles.DropIn)!)));
        Assert.Empty(_host.Root.Names("/var/lib/istio/envoy"));
        Assert.Equal("127.0.0.1 localhost\n", await File.ReadAllTextAsync(_host.Root.Below("/etc/hosts"), Cancel));

        Assert.Equal(outcome.Failures, _host.Records.Report()!.Failures);
        // Nothing is left that a detach would restore.
        Assert.False(_host.Records.HasBeforeAttach);
        Assert.False(File.Exists(_host.Paths.BeforePass));
    }

    [Fact]
    public async Task UnobservedPartPreventsTheStartOfTheSidecarAndIsReported()
    {
        File.Delete(_host.Root.Below("/etc/hosts"));
        File.CreateSymbolicLink(_host.Root.Below("/etc/hosts"), "/etc/certs");

        var outcome = await _host.Pass().ApplyAsync(SidecarRoot.Inputs(SidecarRoot.Config), _results.Add, Cancel);

        var failure = Assert.Single(outcome.Failures);
        Assert.Equal((ReconcilePart.Files, StepFailureReason.NotSeen), (failure.Part, failure.Reason));
        Assert.StartsWith("the sidecar is not installed or started: /etc/hosts is a symbolic link to /etc/certs of ", failure.Message,
            StringComparison.Ordinal);
        Assert.EndsWith(": sudo cp --remove-destination /etc/certs /etc/hosts", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_results);
        Assert.Empty(_host.Root.Names("/var/lib/istio/envoy"));
    }

    [Fact]
    public async Task NothingIsChangedWithoutASnapshotOfTheHost()
    {
        _host.Units.ObserveService(SidecarObserver.Unit).Throws(new IOException("the system bus is away"));

        var outcome = await _host.Pass().ApplyAsync(SidecarRoot.Inputs(SidecarRoot.Config), _results.Add, Cancel);

        Assert.Equal("nothing was changed, because it could not be undone: the system bus is away",
            Assert.Single(outcome.Failures).Message);
        Assert.Equal(outcome.Failures, _host.Records.Report()!.Failures);
        Assert.Empty(_results);
        Assert.False(_host.Records.HasBeforeAttach);
        Assert.Empty(_host.Root.Names("/var/lib/istio/envoy"));
    }

    [Fact]
    public async Task SidecarIsNotStartedWithoutATokenAndThatIsReported()
    {
        _host.Root.Write(SidecarFiles.ClusterEnvironment, "A='b'\n");

        var outcome = await _host.Pass().ApplyAsync(SidecarRoot.Inputs(SidecarRoot.Config) with { Host = null }, _results.Add, Cancel);

        Assert.Equal((ReconcilePart.Token, StepFailureReason.NoDashboard),
            (Assert.Single(outcome.Failures).Part, outcome.Failures[0].Reason));
        Assert.False(outcome.IsRolledBack);
        var start = Assert.Single(_results, result => result.Step is StartSidecar);
        Assert.Equal((StepOutcome.Failed, "the sidecar is not started, because no istio-token could be fetched"),
            (start.Outcome, start.Reason));
        await _host.Units.DidNotReceiveWithAnyArgs().RunAsync(default, default!, default, Cancel);
    }

    [Fact]
    public async Task RestoreThatDoesNotLastIsAFailure()
    {
        var before = (await _host.Pass().SnapshotAsync(null, Cancel)).Before!;

        var outcome = await _host.Pass()
            .RestoreAsync(before, _ => new([new RemoveSidecarFile(SidecarFiles.MeshFile)]), _results.Add, Cancel);

        Assert.Equal($"something undoes the restore each time: remove {SidecarFiles.MeshFile}", Assert.Single(outcome.Failures).Message);
        Assert.Empty((await RestoreAsync(before)).Failures);
    }

    [Fact]
    public async Task UnobservedPartIsNotTakenForRestored()
    {
        var before = (await _host.Pass().SnapshotAsync(null, Cancel)).Before!;
        File.CreateSymbolicLink(_host.Root.Below(SidecarFiles.MeshFile), "/etc/passwd");

        var outcome = await RestoreAsync(before);

        Assert.StartsWith("not everything could be restored, because the present state could not be observed: ",
            Assert.Single(outcome.Failures).Message, StringComparison.Ordinal);
        Assert.Contains(SidecarFiles.MeshFile, outcome.Failures[0].Message, StringComparison.Ordinal);
        Assert.Empty(_results);
    }

    [Fact]
    public async Task FolderWithFilesOfOthersStays()
    {
        _host.Root.Write("/etc/certs/theirs.pem", "PEM");

        var outcome = await _host.Pass().RestoreAsync(
            null,
            observed => new(
                [.. observed.File("/etc/certs") is { Owner.Length: > 0 } ? (PlanStep[])[new RemoveSidecarFolder("/etc/certs")] : []]),
                _results.Add, Cancel);

        Assert.Empty(outcome.Failures);
        Assert.Equal("PEM", await File.ReadAllTextAsync(_host.Root.Below("/etc/certs/theirs.pem"), Cancel));
    }

    [Fact]
    public async Task DryRunChangesNothing()
    {
        var observation = await _host.Pass().DryRunAsync(SidecarRoot.Inputs(SidecarRoot.Config), Cancel);

        Assert.Contains(observation.Plan.Steps, step => step is WriteSidecarFile);
        Assert.Empty(_host.Root.Names("/var/lib/smm-agent-host"));
        Assert.Null(_host.Records.Report());
    }

    [Fact]
    public async Task CheckModeReportsWhatOnlyRootCanReadAndChangesNothing()
    {
        _host.Root.Write(SidecarFiles.RootCertificate, SidecarRoot.Config.Mesh.RootCertificate, mode: GuardedRoot.Private);

        var outcome = await _host.Pass().ReportAsync(SidecarRoot.Inputs(SidecarRoot.Config), Cancel);

        var report = _host.Records.Report()!;
        Assert.Equal(_host.Root.Files.ReadMetadata(SidecarFiles.RootCertificate).Modified, report.RootCertificate!.Modified);
        Assert.Equal(TokenVerdict.Unusable, report.Token.Verdict);
        Assert.NotEmpty(outcome.Assessment!.Plan.Steps);
        Assert.Null(_host.Records.BeforeAttach);
        Assert.Empty(_host.Root.Names("/var/lib/istio/envoy"));
    }

    [Fact]
    public async Task RestoreRemovesTheAgentsFilesAndLeavesThoseFromBefore()
    {
        _host.Root.Write(SidecarFiles.MeshFile, "theirs\n");
        var before = (await _host.Pass().SnapshotAsync(null, Cancel)).Before!;
        _host.Root.Write(SidecarFiles.MeshFile, "the agent's\n");
        _host.Root.Write(SidecarFiles.ClusterEnvironment, "CA_ADDR='istiod:15012'\n");
        _host.Host().Write([new SetHosts(["198.18.0.11 istiod.istio-system.svc"])]);

        var outcome = await RestoreAsync(before);

        Assert.Empty(outcome.Failures);
        Assert.Equal("theirs\n", await File.ReadAllTextAsync(_host.Root.Below(SidecarFiles.MeshFile), Cancel));
        Assert.False(File.Exists(_host.Root.Below(SidecarFiles.ClusterEnvironment)));
        Assert.Equal("127.0.0.1 localhost\n", await File.ReadAllTextAsync(_host.Root.Below("/etc/hosts"), Cancel));

        _results.Clear();
        await RestoreAsync(before);
        Assert.Empty(_results);
    }

    [Fact]
    public async Task AnotherReconcileIsWaitedForAndThatIsReported()
    {
        var (held, _) = await new AgentLock(_host.Paths.HostLock, TimeProvider.System).AcquireAsync(TimeSpan.Zero, Cancel);
        var before = (await _host.Pass().SnapshotAsync(null, Cancel)).Before!;
        var pass = _host.Pass();

        var waiting = pass.RestoreAsync(
            before, observed => SidecarRestore.Plan(before, observed, keepPackages: true, "reason"), _results.Add, Cancel);
        Assert.Equal("waiting for another smm-agent, which is working on the sidecar", pass.Doing);
        Assert.False(waiting.IsCompleted);
        held!.Dispose();

        Assert.Null((await waiting).Blocked);
    }

    [Fact]
    public async Task DaemonTakesUnreadableFilesFromTheReportAndRequestsAReconcileAfterAChange()
    {
        _host.Root.Write(SidecarFiles.RootCertificate, "PEM", mode: GuardedRoot.Private);
        GuardedRoot.Run("chmod", "755", _host.Root.Below("/etc/certs"));
        var shown = _host.Root.Files.ReadMetadata(SidecarFiles.RootCertificate) with { Content = "as root saw it" };
        var report = ReconcileReport.None with { RootCertificate = shown };

        Assert.Equal(shown, (await SeenByDaemonAsync(report)).File(SidecarFiles.RootCertificate));

        foreach (var none in (ReconcileReport?[])[null, ReconcileReport.None])
        {
            var seen = await SeenByDaemonAsync(none);
            Assert.Contains("only root can read", seen.Files[SidecarFiles.RootCertificate].UnknownReason, StringComparison.Ordinal);
            Assert.Equal([$"read {SidecarFiles.RootCertificate}"], seen.PendingRootReads);
        }

        // The sidecar writes it at each renewal: the last report counts until the next privileged reconcile.
        var since = await SeenByDaemonAsync(report with { RootCertificate = shown with { Modified = shown.Modified.AddTicks(-10) } });
        Assert.Equal(shown, since.File(SidecarFiles.RootCertificate));
        Assert.Equal([$"read {SidecarFiles.RootCertificate}"], since.PendingRootReads);

        Assert.Equal(
            "PEM", (await _host.Observer().ObserveAsync(null, null, DateTimeOffset.UnixEpoch, Cancel)).File(
                SidecarFiles.RootCertificate)!.Content);
    }

    private async Task<ObservedSidecar> SeenByDaemonAsync(ReconcileReport? report)
    {
        // The files are read before the call can yield to another thread.
        Task<ObservedSidecar>? looking = null;
        GuardedRoot.AsOther(() => looking = _host.Observer(isRoot: false).ObserveAsync(null, report, DateTimeOffset.UnixEpoch, Cancel));
        return await looking!;
    }

    private Task<SidecarOutcome> RestoreAsync(SidecarSnapshot before) => _host.Pass().RestoreAsync(
        before, observed => SidecarRestore.Plan(before, observed, keepPackages: true, "this VM leaves the mesh"), _results.Add, Cancel);
}
