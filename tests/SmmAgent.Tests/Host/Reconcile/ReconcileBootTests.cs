using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Host;
using SmmAgent.Tests.Host.Fakes;

namespace SmmAgent.Tests.Host.Reconcile;

/// <summary>The privileged reconcile, also at boot.</summary>
public sealed class ReconcileBootTests : HostReconcilerFixture
{
    [Fact]
    public async Task ThePrivilegedServiceRunsWhileAnotherWaitsForItsConfirmation()
    {
        await ArmAsync();

        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { HostOnly = true }));

        Assert.Contains("firewall apply", Stage.Calls);
        Assert.True(Stage.Snapshot.Exists);
    }

    [Fact]
    public async Task ThePrivilegedServiceStartsAndEnablesNoUnit()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { HostOnly = true }));

        Assert.Equal(["fetch mesh configuration", "firewall apply", "sidecar apply"], Stage.Calls);
        Assert.False(Stage.Sidecar.IsForced);
    }

    [Fact]
    public async Task AtBootTheTokenIsRestoredBeforeTheDashboardIsAsked()
    {
        Stage.KeepMeshConfig();
        await WriteAttachedAsync();
        Stage.Sidecar.HasKeptToken = true;

        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { HostOnly = true }));

        Assert.Equal(["token restore", "fetch mesh configuration"], Stage.Calls.Take(2));
    }

    [Fact]
    public async Task ASidecarWithoutATokenIsHeldBackAtBoot()
    {
        Stage.KeepMeshConfig();
        await WriteAttachedAsync();
        Stage.Sidecar.Observed = FakeSidecar.Installed("1.15.3", UnitActivity.Stopped);
        Stage.Sidecar.Renew = _ => Task.FromResult<StepFailure?>(
            new(ReconcilePart.Token, "", StepFailureReason.NotWritten, "the dashboard refused"));

        await RunAsync(new ReconcileOptions { HostOnly = true });

        Assert.Equal(["token restore", "token renew", "sidecar observe", "stop istio.service", "fetch mesh configuration"],
            Stage.Calls.Take(5));
        Assert.Contains("! the sidecar is not started before it has an istio-token: the dashboard refused", Stage.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATokenIsWaitedForTwentySecondsAtBoot()
    {
        Stage.KeepMeshConfig();
        await WriteAttachedAsync();
        Stage.Sidecar.Observed = FakeSidecar.Installed("1.15.3", UnitActivity.Stopped);
        var requested = new TaskCompletionSource();
        Stage.Sidecar.Renew = async cancel =>
        {
            requested.SetResult();
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        };

        var run = RunAsync(new ReconcileOptions { HostOnly = true });
        await requested.Task;
        Stage.Time.Advance(TimeSpan.FromSeconds(20));
        await run;

        Assert.Contains("stop istio.service", Stage.Calls);
        Assert.Contains("the dashboard issued none within 20 s", Stage.Output, StringComparison.Ordinal);
    }
}
