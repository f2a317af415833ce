using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Host;
using SmmAgent.Host.Detach;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Identity;
using SmmAgent.Tests.Host.Fakes;

namespace SmmAgent.Tests.Host.Detach;

/// <summary>When a detach is reported to the dashboard, and when it is not.</summary>
public sealed class HostDetachReportTests : IDisposable
{
    private readonly HostFixture _host = new();

    public HostDetachReportTests() => _host.Sidecar.Observed = FakeSidecar.Installed(null, UnitActivity.Stopped);

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task TheDetachIsReportedAfterTheLastChangeAndBeforeTheTokenIsRemoved()
    {
        _host.KeepReportedIdentity();
        _host.Units.Set("smm-agent.service", "active", "enabled");
        await WriteAttachedAsync();
        await File.WriteAllTextAsync(_host.Paths.RenewedToken, "{}", Cancel);
        await File.WriteAllTextAsync(_host.Paths.Instance, "0123456789abcdef", Cancel);
        var hadToken = false;
        _host.Record.During["report detach"] = () => hadToken = File.Exists(_host.Paths.RenewedToken);

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Equal(
            ["stop smm-agent.service", "disable smm-agent.service", "sidecar restore", "firewall remove", "report detach"], _host.Calls);
        Assert.True(hadToken);
        Assert.False(File.Exists(_host.Paths.RenewedToken));
        var (uuid, report) = Assert.Single(_host.Dashboard.LastReports);
        Assert.Equal((Guid.Parse(HostFixture.Uuid), true, "0123456789abcdef"), (uuid, report.Detached, report.Instance));
        var condition = Assert.Single(report.Conditions);
        Assert.Equal(("Registered", "False", "Detached"), (condition.Type, condition.Status, condition.Reason));
        Assert.EndsWith("✓ reported the detach to the dashboard\n✓ removed the renewed bearer token\n✓ detached\n", _host.Output,
            StringComparison.Ordinal);
        Assert.True(_host.Dashboard.IsDisposed);
    }

    [Fact]
    public async Task ADetachThatCannotBeReportedIsDoneWithOneWarning()
    {
        _host.KeepReportedIdentity();
        await WriteAttachedAsync();
        _host.Firewall.Removal = new([new(new SetHosts([]), StepOutcome.Done)], null);
        _host.Dashboard.RefusesLastReport = new DashboardFailure.Unreachable(UnreachableReason.TimedOut, "no answer within 5s");

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.EndsWith(
            "! could not report the detach to the dashboard, which shows this VM as silent after 15 minutes: "
            + "the dashboard at https://smm.example.com is not reachable: no answer within 5s; to report it later: sudo smm-agent detach\n"
            + "✓ detached\n",
            _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADetachThatFailedIsNotReported()
    {
        _host.KeepReportedIdentity();
        _host.Firewall.Removal = new([], "another smm-agent has held the lock");

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.DoesNotContain("report detach", _host.Calls);
    }

    [Theory]
    [InlineData(false, HostFixture.Uuid)]
    [InlineData(true, "11111111-2222-4333-8444-555566667777")]
    public async Task OnlyAnAgentThatHasReportedUnderItsUuidReportsTheDetach(bool hasIdentity, string reported)
    {
        if (hasIdentity)
            _host.KeepReportedIdentity(reported);

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.DoesNotContain("report detach", _host.Calls);
    }

    [Fact]
    public async Task ACopyOfAVmDoesNotReportTheDetachOfTheOriginal()
    {
        Directory.CreateDirectory(Path.Combine(_host.Paths.Root, "etc"));
        await File.WriteAllTextAsync(Path.Combine(_host.Paths.Root, "etc/machine-id"), $"{new string('a', 32)}\n", Cancel);
        AgentIdentity.LoadOrCreate(_host.Paths.Identity, bytes => bytes.Fill(7), "the-machine-id-of-the-original")
            .WithReported(_host.Paths.Identity, Guid.Parse(HostFixture.Uuid));

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.DoesNotContain("report detach", _host.Calls);
    }

    [Fact]
    public async Task ARepeatedDetachIsReportedAgain()
    {
        _host.KeepReportedIdentity();

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Equal("✓ reported the detach to the dashboard\n✓ the agent had changed nothing on this host\n", _host.Output);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<int> RunAsync() => new HostDetach(_host.Context, new(DryRun: false, KeepPackages: false)).RunAsync(Cancel);

    private async Task WriteAttachedAsync()
    {
        HostStateDirectory.Create(_host.Paths);
        await File.WriteAllBytesAsync(_host.Paths.BeforeAttach, FakeSidecar.Before(null).Write(), Cancel);
    }
}
