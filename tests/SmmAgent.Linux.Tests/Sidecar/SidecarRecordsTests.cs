using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Linux.Tests.Sidecar;

/// <summary>The snapshots that the privileged reconcile writes before a change, and its report to the daemon.</summary>
public sealed class SidecarRecordsTests : IDisposable
{
    private static readonly SidecarSnapshot Bare = new()
    {
        Version = null, Files = new Dictionary<string, FoundFile>(), Hosts = [], Folders = [], HasAccount = false, Tables = [],
        IsEnabled = false, IsRunning = false,
    };

    private static readonly SidecarSnapshot Attached = Bare with { Version = "1.15.3", IsEnabled = true, IsRunning = true };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-records-");
    private readonly AgentPaths _paths;
    private readonly SidecarRecords _records;

    public SidecarRecordsTests()
    {
        _paths = new AgentPaths(_folder.FullName);
        _records = new SidecarRecords(_paths);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void FirstReconcileRecordsTheStateForDetachAndEachOneItsOwn()
    {
        Assert.Null(_records.BeforeAttach);
        Assert.Null(_records.BeginReconcile(Bare, Bare).Version);
        _records.EndReconcile();
        Assert.Equal("1.15.3", _records.BeginReconcile(Attached, Attached).Version);

        Assert.Null(_records.BeforeAttach!.Version);
    }

    [Fact]
    public void RestoredHostHasNothingToDetach()
    {
        _records.BeginReconcile(Bare, Bare);
        _records.Restored(Attached);
        Assert.Equal((true, false), (_records.HasBeforeAttach, File.Exists(_paths.BeforePass)));

        _records.BeginReconcile(Bare, Bare);
        _records.Restored(Bare with { });
        Assert.Equal((false, false), (_records.HasBeforeAttach, File.Exists(_paths.BeforePass)));
    }

    [Fact]
    public void SnapshotOfAnEarlierVersionHasTheTimeOfItsFile()
    {
        var time = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        _records.BeginReconcile(Bare with { Credentials = null }, Bare with { Credentials = null });
        File.SetLastWriteTimeUtc(_paths.BeforeAttach, time);

        var before = _records.BeforeAttach!;

        var found = new FoundFile(null, "root", SidecarFiles.Private, time);
        Assert.True(before.HasCredential(SidecarFiles.Key, found));
        Assert.False(before.HasCredential(SidecarFiles.Key, found with { Modified = time.AddSeconds(1) }));
    }

    [Fact]
    public void SnapshotOfALaterVersionIsRefused()
    {
        _records.BeginReconcile(Bare with { Format = 2 }, Bare with { Format = 2 });

        Assert.True(_records.HasBeforeAttach);
        Assert.Null(_records.BeforeAttach);
    }

    [Fact]
    public void UrgentStepsAreUndoneByDetachAndNotByTheRollback()
    {
        var stopped = Attached with { IsRunning = false };

        Assert.False(_records.BeginReconcile(stopped, Attached).IsRunning);

        Assert.True(_records.BeforeAttach!.IsRunning);
    }

    [Fact]
    public void StateBeforeAKilledReconcileIsRestoredByTheNext()
    {
        _records.BeginReconcile(Bare, Bare);

        Assert.Null(_records.BeginReconcile(Attached, Attached).Version);
    }

    [Fact]
    public void DamagedSnapshotOfAKilledReconcileIsReplaced()
    {
        _records.BeginReconcile(Bare, Bare);
        File.WriteAllText(_paths.BeforePass, "{\"version\":");

        Assert.Equal("1.15.3", _records.BeginReconcile(Attached, Attached).Version);
        Assert.Contains("1.15.3", File.ReadAllText(_paths.BeforePass), StringComparison.Ordinal);
    }

    [Fact]
    public void SnapshotsAreForRootOnlyAndTheReportIsForAllUsers()
    {
        _records.BeginReconcile(Bare, Bare);
        _records.BeginConfirm(Bare);
        _records.Report(ReconcileReport.None);

        Assert.Equal(
            ["700", "600", "600", "600", "755", "644"],
            ((string[])[_paths.HostStateDirectory, _paths.BeforeAttach, _paths.BeforePass, _paths.BeforeConfirm,
                Path.GetDirectoryName(_paths.RootReport)!, _paths.RootReport])
                .Select(path => Convert.ToString((int)File.GetUnixFileMode(path), 8)));
    }

    [Fact]
    public void ConfirmationIsReportedToTheDaemon()
    {
        _records.BeginConfirm(Bare);
        _records.Report(ReconcileReport.None with { IsUnconfirmed = true });
        Assert.NotNull(_records.BeforeConfirm);

        _records.EndConfirm();

        Assert.Null(_records.BeforeConfirm);
        Assert.False(_records.Report()!.IsUnconfirmed);
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("")]
    public void DamagedOrMissingReportIsNull(string text)
    {
        Assert.Null(_records.Report());
        Directory.CreateDirectory(Path.GetDirectoryName(_paths.RootReport)!);
        File.WriteAllText(_paths.RootReport, text);
        Assert.Null(_records.Report());
    }

    [Fact]
    public void DetachRemovesAllRecords()
    {
        _records.BeginReconcile(Bare, Bare);
        _records.BeginConfirm(Bare);
        _records.Report(ReconcileReport.None);
        File.WriteAllText(_paths.HostToken, "token");

        _records.Forget();
        _records.Forget();

        Assert.Empty(_folder.EnumerateFiles("*", SearchOption.AllDirectories));
    }

    [Fact]
    public void SnapshotOfFilesWithAnyContentIsReadBack()
    {
        FoundFile full = new(new string('\u0001', 2 * 1024 * 1024), "istio-proxy", SidecarFiles.Private, DateTimeOffset.UnixEpoch);
        SidecarSnapshot before = new()
        {
            Version = "1.15.3",
            Files = new[] { SidecarFiles.ClusterEnvironment, SidecarFiles.MeshFile, SidecarFiles.RootCertificate }.ToDictionary(
                path => path, _ => full),
            Hosts = [],
            Folders = [],
            HasAccount = true,
            Tables = [],
            IsEnabled = true,
            IsRunning = true,
        };
        _records.BeginConfirm(before);

        Assert.Equal(before.Files, _records.BeforeConfirm!.Files);
    }
}
