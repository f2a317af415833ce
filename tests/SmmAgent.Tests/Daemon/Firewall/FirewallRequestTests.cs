using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Firewall;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Tests.Firewall;

namespace SmmAgent.Tests.Daemon.Firewall;

/// <summary>When the service observes again, and what it requests from the privileged reconcile.</summary>
public sealed class FirewallRequestTests : FirewallServiceFixture
{
    [Fact]
    public async Task PortThatFirewalldBlocksIsRequestedFromRootAndObservedAgainSoon()
    {
        HashSet<int> open = [];
        var zone = new FirewalldZone("public", ReceivesTraffic: true, open, open);
        var firewalld = new StubFirewalld { Observe = () => new FirewalldObservation.Seen(new([zone])) };
        var service = await ServiceAsync(firewalld);

        Assert.Equal(ReconcileRequest.First, await StepAsync(service));
        Assert.True(File.Exists(Request));

        File.Delete(Request);
        open.UnionWith([16400, 16401]);
        Assert.Equal(FirewallService.SlowPoll, await StepAsync(service));
        Assert.False(File.Exists(Request));
    }

    [Fact]
    public async Task ManyChangesCauseOneObservationASecondAndOwnRulesAreObservedAtOnce()
    {
        Vm = await FirewallNamespace.CreateAsync();
        var observations = 0;
        var firewalld = new StubFirewalld
        {
            Observe = () =>
            {
                Interlocked.Increment(ref observations);
                return new FirewalldObservation.NotRunning();
            },
        };
        var mode = With(ManagementMode.Check);
        States.Settings.Publish(mode);
        var context = new LoopContext(TimeProvider.System, new(TimeProvider.System), new(Substitute.For<IHostApplicationLifetime>()));
        using var service = new FirewallService(
            context,
            States,
            new FirewallReconciler(Vm.Host(Backend.Nft), firewalld, Vm.Lock, isRoot: false),
            new ReconcileRequest(Request, Time, NullLogger<ReconcileRequest>.Instance),
            new ListLogger(Log));
        await service.StartAsync(Cancel);
        try
        {
            while (Volatile.Read(ref observations) == 0)
                await Task.Delay(10, Cancel);

            var watch = System.Diagnostics.Stopwatch.StartNew();
            while (watch.Elapsed < TimeSpan.FromSeconds(3))
            {
                service.Signal.Set();
                await Task.Delay(10, Cancel);
            }

            Assert.InRange(Volatile.Read(ref observations), 1, 2 + (int)watch.Elapsed.TotalSeconds);

            // Until the second is over only changes of the agent's own rules are observed.
            var before = Volatile.Read(ref observations);
            watch.Restart();
            while (Volatile.Read(ref observations) - before < 5 && watch.Elapsed < TimeSpan.FromSeconds(30))
            {
                service.OwnRulesChanged.Set();
                service.Signal.Set();
                await Task.Delay(10, Cancel);
            }

            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(4.5), $"{watch.Elapsed}");
        }
        finally
        {
            await service.StopAsync(Cancel);
        }
    }

    [Fact]
    public async Task FirstAnswerOfRootIsDueForTwoMinutesAtMost()
    {
        var zone = new FirewalldZone("public", ReceivesTraffic: true, new HashSet<int>(), new HashSet<int>());
        var firewalld = new StubFirewalld { Observe = () => new FirewalldObservation.Seen(new([zone])) };
        var service = await ServiceAsync(firewalld);
        await StepAsync(service);
        Assert.True(Ports.IsFirstReconcilePending);

        File.Delete(Request);
        IsRootAtWork = true;
        await StepAsync(service);
        Assert.True(Ports.IsFirstReconcilePending);

        IsRootAtWork = false;
        await StepAsync(service);
        Assert.False(Ports.IsFirstReconcilePending);
        Time.Advance(ReconcileRequest.Maximum);
        await StepAsync(service);
        Assert.True(File.Exists(Request));
        Assert.False(Ports.IsFirstReconcilePending);

        var unanswered = await ServiceAsync(firewalld);
        await StepAsync(unanswered);
        Assert.True(Ports.IsFirstReconcilePending);
        Time.Advance(TimeSpan.FromMinutes(2));
        await StepAsync(unanswered);
        Assert.False(Ports.IsFirstReconcilePending);
    }
}
