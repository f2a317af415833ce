using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Firewall;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Tests.Daemon.Firewall;

/// <summary>The service keeps the ports open.</summary>
public sealed class FirewallServiceTests : FirewallServiceFixture
{
    [Fact]
    public async Task ARepairIsLoggedOnceAndAQuietHostIsNotLoggedAtAll()
    {
        var service = await ServiceAsync();
        States.Mesh.Publish(MeshConfigState.Initial with { Config = Config(("http", 8080)) });

        await StepAsync(service);
        Assert.Equal((ConditionStatus.True, "OpenToAny"), (Ports.PortsOpen.Status, Ports.PortsOpen.Reason));
        Assert.Equal([8080, 16400, 16401], Ports.Ports.Select(port => port.Port));
        Assert.Equal(2, Log.Count);
        Assert.Equal(2, States.Counters.Current[CountedEvent.FirewallRepaired]);

        var wake = new Signal();
        States.Ports.NotifyOnChange(wake);
        var wait = await StepAsync(service);
        Assert.Equal(2, Log.Count);
        Assert.Equal(FirewallService.SlowPoll, wait);
        Assert.False(await wake.WaitAsync(TimeSpan.Zero, TimeProvider.System, Cancel));

        await Vm!.ShellAsync("iptables-nft -F");
        await StepAsync(service);
        Assert.Equal(
            "Firewall: iptables-nft: write chain SMM-AGENT (missing: http, http captured, agent, sidecar-metrics; the jump in "
                + "INPUT is missing)", Log[2]);
        Assert.Equal(3, Log.Count);
        Assert.Equal(3, States.Counters.Current[CountedEvent.FirewallRepaired]);
    }

    [Fact]
    public async Task PortThatTheWorkloadGroupNoLongerHasIsClosedAndAnUnknownConfigurationClosesNothing()
    {
        var service = await ServiceAsync();
        States.Mesh.Publish(MeshConfigState.Initial with { Config = Config(("http", 8080), ("grpc", 8082)) });
        await StepAsync(service);

        States.Mesh.Publish(MeshConfigState.Initial);
        await StepAsync(service);
        Assert.Contains("--dport 8082", await Vm!.SaveAsync(Backend.Nft), StringComparison.Ordinal);
        Assert.Equal([16400, 16401], Ports.Ports.Select(port => port.Port));
        Assert.Contains("no mesh configuration yet", Ports.PortsOpen.Message, StringComparison.Ordinal);

        States.Mesh.Publish(MeshConfigState.Initial with { Config = Config(("http", 8080)) });
        await StepAsync(service);
        Assert.DoesNotContain("8082", await Vm.SaveAsync(Backend.Nft), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModeCheckOnlyObservesAndModeOffDoesNot()
    {
        var service = await ServiceAsync();
        await Vm!.ShellAsync("iptables-nft -P INPUT DROP");
        var before = await Vm.SaveAsync(Backend.Nft);

        States.Settings.Publish(With(ManagementMode.Check));
        await StepAsync(service);
        Assert.Equal((ConditionStatus.False, "NotOpen"), (Ports.PortsOpen.Status, Ports.PortsOpen.Reason));
        Assert.All(Ports.Ports, port => Assert.False(port.Open));

        States.Settings.Publish(With(ManagementMode.Off));
        await StepAsync(service);
        Assert.Equal((ConditionStatus.Unknown, ConditionUpdate.Disabled), (Ports.PortsOpen.Status, Ports.PortsOpen.Reason));
        Assert.Equal(before, await Vm.SaveAsync(Backend.Nft));
        Assert.Empty(Log);
    }

    [Fact]
    public async Task ProgramThatKeepsUndoingTheRulesIsReportedAndRepairsSlowDown()
    {
        var service = await ServiceAsync();
        for (var round = 0; round < RepairPacing.MaximumPerMinute; round++)
        {
            Assert.NotEqual("Fighting", Ports.PortsOpen.Reason);
            await StepAsync(service);
            await Vm!.ShellAsync("iptables-nft -D INPUT 1");
        }

        Assert.Equal((ConditionStatus.False, "Fighting"), (Ports.PortsOpen.Status, Ports.PortsOpen.Reason));
        Assert.Contains("the jump in INPUT is missing", Ports.PortsOpen.Message, StringComparison.Ordinal);

        var step = service.StepAsync(Cancel);
        Time.Advance(RepairPacing.ConflictPause - TimeSpan.FromMilliseconds(1));
        Assert.False(step.IsCompleted);
        Assert.DoesNotContain("-A INPUT", await Vm!.SaveAsync(Backend.Nft), StringComparison.Ordinal);
        Time.Advance(TimeSpan.FromMilliseconds(1));
        await step;
        Assert.Contains("-A INPUT", await Vm.SaveAsync(Backend.Nft), StringComparison.Ordinal);

        Time.Advance(TimeSpan.FromMinutes(1));
        await StepAsync(service);
        Assert.Equal("OpenToAny", Ports.PortsOpen.Reason);
    }

    [Fact]
    public async Task ReconcileOfAnotherAgentIsWaitedForAndReported()
    {
        var service = await ServiceAsync();
        await Vm!.ShellAsync("iptables-nft -P INPUT DROP");
        using (var held = (await Vm.Lock.AcquireAsync(TimeSpan.Zero, Cancel)).Held)
        {
            Assert.NotNull(held);
            Assert.Equal(FirewallService.RetryAfterFailure, await StepAsync(service));
        }

        Assert.Equal((ConditionStatus.False, "LockHeld"), (Ports.PortsOpen.Status, Ports.PortsOpen.Reason));
        await StepAsync(service);
        Assert.Equal(ConditionStatus.True, Ports.PortsOpen.Status);
    }

    [Fact]
    public async Task ChangeOfTheConfigurationIsFollowedByAStepAtOnce()
    {
        var service = await ServiceAsync();

        States.Mesh.Publish(MeshConfigState.Initial with { Config = Config(("http", 8080)) });

        Assert.True(await service.Signal.WaitAsync(TimeSpan.Zero, TimeProvider.System, Cancel));
    }
}
