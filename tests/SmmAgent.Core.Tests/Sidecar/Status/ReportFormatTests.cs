using System.Text;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Sidecar.Status;

/// <summary>The texts of report.json and of a snapshot stay readable for older and newer versions of the agent.</summary>
public sealed class ReportFormatTests
{
    private static readonly DateTimeOffset Time = new(2024, 10, 4, 0, 0, 0, TimeSpan.Zero);

    // Written by version 0.1 of the agent; only the line breaks between members are added.
    private const string OldReport =
        """
        {
        "token":{"verdict":1,"why":"it expires soon","lookAgain":"2024-10-04T01:00:00+00:00",
        "expires":"2024-10-04T02:00:00+00:00"},
        "tokenModified":"2024-10-04T00:00:00+00:00",
        "rootCertificate":{"content":"PEM","owner":"istio-proxy","mode":384,"modified":"2024-10-04T00:00:00+00:00"},
        "certificate":{"identity":"spiffe://a/ns/b/sa/c","notBefore":"2024-10-04T00:00:00+00:00",
        "notAfter":"2024-10-05T00:00:00+00:00","modified":"2024-10-04T00:00:00+00:00"},
        "failure":{"kind":"PortTaken","line":"bind: address already in use","time":"2024-10-04T00:00:00+00:00",
        "since":"2024-10-04T00:00:00+00:00","subject":"15001"},
        "refusedToken":{"replaced":1,"last":"2024-10-04T00:00:00+00:00"},
        "replacedCertificate":{"replaced":2,"last":"2024-10-04T00:00:00+00:00",
        "identity":"spiffe://a/ns/b/sa/d","notBefore":"2024-10-04T00:30:00+00:00"},
        "crashLoop":{"restarts":4,"failures":2,"holds":1,"heldUntil":"2024-10-04T00:01:00+00:00",
        "wasDeaf":true,"isHeld":true,"hold":"it ran for 3 minutes without taking the traffic that it captured; the next start is at 2024-10-04 00:01:00Z"},
        "failures":[{"part":"package","subject":"1.15.3","reason":"WrongChecksum",
        "message":"its SHA-256 is another"},{"part":"token","subject":"",
        "reason":"DashboardUnreachable","message":"no route"},{"part":"files",
        "subject":"","reason":"NotWritten","message":"disk full"},{"part":"unit",
        "subject":"","reason":"Failed","message":"timeout"},{"part":"upgrade",
        "subject":"0.2.0","reason":"Busy","message":"busy"}],
        "isUnconfirmed":true
        }
        """;

    private const string OldSnapshot =
        """
        {
        "format":1,
        "version":"1.15.2",
        "files":{"/etc/istio/config/mesh":{"content":"mesh","owner":"root",
        "mode":493,"modified":"2024-10-04T00:00:00+00:00"}},
        "hosts":["10.0.0.1 istiod.istio-system.svc"],
        "folders":["/etc/istio"],
        "folderOwners":{"/var/lib/istio/envoy":{"content":null,"owner":"istio-proxy",
        "mode":493,"modified":"2024-10-04T00:00:00+00:00"}},
        "credentials":{"/etc/certs/key.pem":"2024-10-04T00:00:00+00:00"},
        "hasAccount":true,
        "tables":["ip nat"],
        "isEnabled":true,
        "isRunning":false
        }
        """;

    private static readonly ReconcileReport Report = new()
    {
        Token = new(TokenVerdict.Renew, "it expires soon", Time.AddHours(1), Time.AddHours(2)),
        TokenModified = Time,
        RootCertificate = new("PEM", "istio-proxy", SidecarFiles.Private, Time),
        Certificate = new("spiffe://a/ns/b/sa/c", Time, Time.AddDays(1), Time),
        Failure = new(SidecarFailureKind.PortTaken, "bind: address already in use") { Time = Time, Since = Time, Subject = "15001" },
        RefusedToken = new(1, Time),
        ReplacedCertificate = new(2, Time, "spiffe://a/ns/b/sa/d"),
        CrashLoop = new(4, 2, 1, Time.AddMinutes(1), WasNotAccepting: true),
        Failures =
        [
            new(ReconcilePart.Package, "1.15.3", StepFailureReason.WrongChecksum, "its SHA-256 is another"),
            new(ReconcilePart.Token, "", StepFailureReason.DashboardUnreachable, "no route"),
            new(ReconcilePart.Files, "", StepFailureReason.NotWritten, "disk full"),
            new(ReconcilePart.Unit, "", StepFailureReason.Failed, "timeout"),
            new(ReconcilePart.Upgrade, "0.2.0", StepFailureReason.Busy, "busy"),
        ],
        IsUnconfirmed = true,
    };

    [Fact]
    public void ReportOfAnOlderVersionIsRead()
    {
        var read = Read(OldReport)!;

        Assert.Equal(Report.Failures, read.Failures);
        Assert.Equal(Report with { Failures = read.Failures }, read);
    }

    [Fact]
    public void NewReportHasTheTextsOfTheOlderVersion() => Assert.Equal(
        WithoutHold(OldReport.Replace("\n", "", StringComparison.Ordinal)), WithoutHold(Encoding.UTF8.GetString(Report.Write())));

    [Fact]
    public void ReportOfANewerVersionIsReadWithUnknownValues()
    {
        var newer = OldReport
            .Replace("\"part\":\"package\"", "\"part\":\"firmware\"", StringComparison.Ordinal)
            .Replace("\"reason\":\"DashboardUnreachable\"", "\"reason\":\"DashboardAsleep\"", StringComparison.Ordinal)
            .Replace("\"kind\":\"PortTaken\"", "\"kind\":\"PortCursed\"", StringComparison.Ordinal)
            .Replace("\"isUnconfirmed\"", "\"isNew\":1,\"isUnconfirmed\"", StringComparison.Ordinal);

        var read = Read(newer)!;

        Assert.Equal((ReconcilePart.Unknown, StepFailureReason.WrongChecksum), (read.Failures[0].Part, read.Failures[0].Reason));
        Assert.Equal((ReconcilePart.Token, StepFailureReason.Unknown), (read.Failures[1].Part, read.Failures[1].Reason));
        Assert.Equal(SidecarFailureKind.Unknown, read.Failure!.Kind);
        Assert.Equal(Report.Failures.Skip(2), read.Failures.Skip(2));
    }

    [Theory]
    [InlineData("\"part\":\"package\"", "\"part\":7")]
    [InlineData("\"part\":\"package\"", "\"part\":null")]
    [InlineData("\"reason\":\"Failed\"", "\"reason\":null")]
    [InlineData("\"reason\":\"Failed\",", "")]
    public void ReportWithAValueOfAnotherTypeIsRefused(string old, string text) =>
        Assert.Null(Read(OldReport.Replace(old, text, StringComparison.Ordinal)));

    [Fact]
    public void SnapshotOfAnOlderVersionIsReadAndWrittenUnchanged()
    {
        var read = SidecarSnapshot.Read(Encoding.UTF8.GetBytes(OldSnapshot))!;

        Assert.Equal("1.15.2", read.Version);
        Assert.Equal(OldSnapshot.Replace("\n", "", StringComparison.Ordinal), Encoding.UTF8.GetString(read.Write()));
    }

    [Fact]
    public void SnapshotOfANewerFormatIsRefused() =>
        Assert.Null(
            SidecarSnapshot.Read(Encoding.UTF8.GetBytes(OldSnapshot.Replace("\"format\":1", "\"format\":2", StringComparison.Ordinal))));

    private static ReconcileReport? Read(string text) => ReconcileReport.Read(Encoding.UTF8.GetBytes(text));

    // A sentence for people, which no version reads.
    private static string WithoutHold(string text) =>
        text[..text.IndexOf("\"hold\":", StringComparison.Ordinal)] + text[text.IndexOf("},\"failures\"", StringComparison.Ordinal)..];
}
