using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Tests.Systemd;

/// <summary>systemd over D-Bus and through systemctl, with the same results.</summary>
public sealed class UnitsTests : IClassFixture<RunningSystemd>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly string[] Names = ["good", "bad", "needy", "silent", "falling"];

    private readonly RunningSystemd _systemd;

    public UnitsTests(RunningSystemd systemd)
    {
        Assert.SkipWhen(RunningSystemd.WhyNot is not null, RunningSystemd.WhyNot ?? "");
        _systemd = systemd;
        systemd.Write("good.service", "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=default.target\n");
        systemd.Write("bad.service", "[Service]\nType=notify\nExecStart=/bin/false\nRestart=on-failure\nRestartSec=2\n");
        systemd.Write("needy.service", "[Unit]\nRequires=bad.service\nAfter=bad.service\n[Service]\nExecStart=/bin/sleep infinity\n");
        systemd.Write("silent.service", "[Service]\nType=notify\nExecStart=/bin/sleep infinity\n");
        systemd.Write(
            "falling.service",
            "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=50ms\n");
        systemd.Write("masked.service", "");
        using var units = systemd.OverBus();
        foreach (var name in Names)
            units.RunAsync(UnitJob.Stop, $"{name}.service", Patience, CancellationToken.None).GetAwaiter().GetResult();
    }

    public static TheoryData<bool> Ways => [true, false];

    [Theory, MemberData(nameof(Ways))]
    public async Task TheEndOfAJobIsReported(bool overBus)
    {
        using var units = Open(overBus);

        Assert.Equal((true, "good.service is started"), await EndOfAsync(units, UnitJob.Start, "good.service"));
        Assert.Equal((true, "good.service is started again"), await EndOfAsync(units, UnitJob.Restart, "good.service"));
        Assert.Equal((true, "good.service is stopped"), await EndOfAsync(units, UnitJob.Stop, "good.service"));
        Assert.Equal((false, "bad.service did not start (exit-code)"), await EndOfAsync(units, UnitJob.Start, "bad.service"));
        Assert.Equal(
            (false, "needy.service did not start (a unit that it needs did not start)"),
            await EndOfAsync(units, UnitJob.Start, "needy.service"));
        Assert.Equal((false, "masked.service did not start (it is masked)"), await EndOfAsync(units, UnitJob.Start, "masked.service"));
        Assert.Equal((false, "none.service did not start (there is no such unit)"), await EndOfAsync(units, UnitJob.Start, "none.service"));
        Assert.Equal((false, "none.service did not stop (there is no such unit)"), await EndOfAsync(units, UnitJob.Stop, "none.service"));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task AJobThatTakesLongerContinues(bool overBus)
    {
        using var units = Open(overBus);

        var outcome = await units.RunAsync(UnitJob.Start, "silent.service", TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);

        Assert.Equal((true, false), (outcome.IsWaiting, outcome.IsDone));
        Assert.Equal("silent.service is not ready after 1 s", $"{outcome}");
        Assert.Equal("activating", outcome.Unit.Active);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task AJobThatAnotherReplacesIsNotWaitedFor(bool overBus)
    {
        using var units = Open(overBus);
        using var others = _systemd.OverBus();

        var starting = EndOfAsync(units, UnitJob.Start, "silent.service");
        await Until.TrueAsync(() => others.ObserveUnit("silent.service").Active == "activating", "the start has begun");
        others.Queue(UnitJob.Stop, "silent.service");

        Assert.Equal((false, "silent.service did not start (canceled: another job took its place)"), await starting);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task AWaitCanBeCancelled(bool overBus)
    {
        using var units = Open(overBus);
        using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => units.RunAsync(UnitJob.Start, "silent.service", Patience, cancelled.Token));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task AQueuedJobIsNotWaitedFor(bool overBus)
    {
        using var units = Open(overBus);

        units.Queue(UnitJob.Start, "silent.service");

        await Until.TrueAsync(() => units.ObserveUnit("silent.service").Active == "activating", "the start has begun");
        Assert.ThrowsAny<IOException>(() => units.Queue(UnitJob.Start, "none.service"));
    }

    [Fact]
    public async Task JobsThatEndAtOnceAreNotMissed()
    {
        using var units = _systemd.OverBus();
        Assert.True((await units.RunAsync(UnitJob.Start, "good.service", Patience, TestContext.Current.CancellationToken)).IsDone);

        for (var i = 0; i < 100; i++)
            Assert.True((await units.RunAsync(UnitJob.Start, "good.service", Patience, TestContext.Current.CancellationToken)).IsDone);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task AServiceIsObservedWithItsProcessAndItsRestarts(bool overBus)
    {
        using var units = Open(overBus);
        var before = DateTimeOffset.UtcNow;
        var outcome = await units.RunAsync(UnitJob.Start, "good.service", Patience, TestContext.Current.CancellationToken);

        var service = units.ObserveService("good.service");

        Assert.Equal(("good.service", "loaded", "active", "running"), (service.Name, service.Load, service.Active, service.Sub));
        Assert.True(service.MainPid > 0);
        // systemctl prints whole seconds.
        Assert.InRange(service.Since!.Value, before, DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.Equal((0, "success"), (service.Restarts, service.Result));
        Assert.Equal(service.MainPid, Assert.IsType<ServiceState>(outcome.Unit).MainPid);

        await units.RunAsync(UnitJob.Stop, "good.service", Patience, TestContext.Current.CancellationToken);
        var stopped = units.ObserveService("good.service");
        Assert.Equal((false, 0, null), (stopped.IsUp, stopped.MainPid, stopped.Since));

        units.Queue(UnitJob.Start, "falling.service");
        await Until.TrueAsync(() => units.ObserveService("falling.service").Restarts > 1, "it was started again");
        Assert.Equal((false, 0, null), (units.ObserveService("none.service") is var none && none.Exists, none.MainPid, none.Since));
    }

    [Theory, MemberData(nameof(Ways))]
    public void UnitsAreEnabledAndDisabled(bool overBus)
    {
        using var units = Open(overBus);
        Assert.True(units.ObserveUnit("good.service").CanBeEnabled);

        units.Enable(["good.service"]);
        Assert.True(units.ObserveUnit("good.service").IsEnabled);

        units.Disable(["good.service"]);
        Assert.True(units.ObserveUnit("good.service").CanBeEnabled);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task ATimerRunsItsCommandAndItsNameIsFreeAgainSoon(bool overBus)
    {
        using var units = Open(overBus);
        var (name, file) = ($"timer-{overBus}", _systemd[$"timer-{overBus}"]);

        await StartAsync(TimeSpan.FromHours(1), "/bin/false");
        Assert.True(units.ObserveUnit($"{name}.timer").IsActive);
        await units.RunAsync(UnitJob.Stop, $"{name}.timer", Patience, TestContext.Current.CancellationToken);
        await StartAsync(TimeSpan.FromMilliseconds(10), "/bin/false");
        await Until.TrueAsync(() => units.ObserveUnit($"{name}.service").Active == "failed", "the service failed");
        await StartAsync(TimeSpan.FromMilliseconds(10), "/usr/bin/touch", file);

        await Until.TrueAsync(() => File.Exists(file), "the command was run");

        Task StartAsync(TimeSpan after, params string[] command) =>
            units.StartTimerAsync(name, "a test's", after, command, TestContext.Current.CancellationToken);
    }

    [Theory, MemberData(nameof(Ways))]
    public void ARunningHostIsNotStopping(bool overBus)
    {
        using var units = Open(overBus);

        Assert.False(units.IsStopping);
    }

    private IUnits Open(bool overBus) => overBus ? _systemd.OverBus() : _systemd.OverSystemctl();

    private static async Task<(bool IsDone, string Text)> EndOfAsync(IUnits units, UnitJob job, string unit)
    {
        var outcome = await units.RunAsync(job, unit, Patience, TestContext.Current.CancellationToken);
        return (outcome.IsDone, $"{outcome}");
    }
}
