using System.Text;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Sidecar.Status;

/// <summary>The report of the privileged reconcile to the daemon, and the snapshot to restore.</summary>
public sealed class ReconcileReportTests
{
    // A file's time is finer than a microsecond, and the daemon compares it with the one in the report.
    private static readonly DateTimeOffset Precise = DateTimeOffset.UnixEpoch.AddTicks(17_000_000_001_234_567);

    private static readonly ReconcileReport Report = new()
    {
        Token = new(TokenVerdict.Renew, "it expires soon", SimulatedHost.Now.AddHours(1)),
        TokenModified = Precise,
        RootCertificate = new("PEM", "istio-proxy", SidecarFiles.Private, Precise),
        CrashLoop = new(4, 2, 1, SimulatedHost.Now.AddMinutes(1)),
        Failures = [new(ReconcilePart.Package, "1.15.3", StepFailureReason.WrongChecksum, "its SHA-256 is another")],
        IsUnconfirmed = true,
    };

    [Fact]
    public void ReportIsReadAsWritten()
    {
        var read = ReconcileReport.Read(Report.Write())!;

        Assert.Equal(Report.Failures, read.Failures);
        Assert.Equal(Report with { Failures = read.Failures }, read);
    }

    [Fact]
    public void SnapshotIsReadBackAsWritten()
    {
        var before = new SimulatedHost("1.15.2", new(UnitActivity.Running, IsEnabled: true, IsReady: true, SimulatedHost.Now)).Before();

        var read = SidecarSnapshot.Read(before.Write())!;

        Assert.Equal(before.Files, read.Files);
        Assert.Equal(before.Folders, read.Folders);
        Assert.Equal(before.FolderOwners, read.FolderOwners);
        Assert.Equal(before.Tables, read.Tables);
        Assert.Empty(read.Hosts);
        Assert.Equal(before.Credentials, read.Credentials);
        Assert.Equal(
            before with
            {
                Credentials = read.Credentials,
                Files = read.Files,
                Folders = read.Folders,
                FolderOwners = read.FolderOwners,
                Tables = read.Tables,
                Hosts = read.Hosts
            }, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"lookedAt\":\"yesterday\"}")]
    public void DamagedFileIsNull(string text)
    {
        Assert.Null(ReconcileReport.Read(Encoding.UTF8.GetBytes(text)));
        Assert.Null(SidecarSnapshot.Read(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void TruncatedFileIsNull()
    {
        Assert.All(Enumerable.Range(0, Report.Write().Length),
            length => Assert.Null(ReconcileReport.Read(Report.Write().AsSpan(0, length))));
        Assert.Null(
            ReconcileReport.Read(Encoding.UTF8.GetBytes(
                Encoding.UTF8.GetString(Report.Write()).Replace("\"failures\":[", "\"failures\":null,\"x\":[", StringComparison.Ordinal))));
    }
}
