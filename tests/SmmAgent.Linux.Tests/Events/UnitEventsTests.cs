using SmmAgent.Linux.Events;
using SmmAgent.Linux.Systemd;
using SmmAgent.Linux.Tests.DBus;
using SmmAgent.Linux.Tests.Systemd;

namespace SmmAgent.Linux.Tests.Events;

public sealed class UnitEventsTests : IClassFixture<RunningSystemd>
{
    private const string Unit = "some-unit.service";
    private const HostChange Change = HostChange.Sidecar;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly RunningSystemd _systemd;

    public UnitEventsTests(RunningSystemd systemd)
    {
        Assert.SkipWhen(RunningSystemd.WhyNot is not null, RunningSystemd.WhyNot ?? "");
        _systemd = systemd;
    }

    [Fact]
    public async Task AUnitThatIsAddedLaterAndItsStartsAndStopsAreReported()
    {
        using var units = _systemd.OverBus();

        await ReportedAsync(() =>
        {
            _systemd.Write(Unit, "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=default.target\n");
            units.Enable([Unit]);
            return Task.CompletedTask;
        });
        await ReportedAsync(() => units.RunAsync(UnitJob.Start, Unit, Patience, TestContext.Current.CancellationToken));
        await ReportedAsync(() => units.RunAsync(UnitJob.Stop, Unit, Patience, TestContext.Current.CancellationToken));

        async Task ReportedAsync(Func<Task> act)
        {
            // systemd has sent all earlier signals before it answers, so the listener gets only those of this act.
            _ = units.IsStopping;
            using var listener = new Listener(null, new UnitEvents(Unit, Change, _systemd.BusAddress));
            Assert.Equal(Change, listener.Next());
            await act();
            Assert.Equal(Change, listener.Next());
        }
    }

    [Fact]
    public void TheObservationOfAUnitThatDoesNotExistIsNotReported()
    {
        using var units = _systemd.OverBus();
        using var listener = new Listener(null, new UnitEvents("none.service", Change, _systemd.BusAddress));
        Assert.Equal(Change, listener.Next());

        for (var i = 0; i < 50; i++)
            Assert.False(units.ObserveService("none.service").Exists);

        // An event of the first observation would have arrived before the last one; a reload is reported.
        Assert.Equal(0, listener.Untaken);
        units.Disable([]);
        Assert.Equal(Change, listener.Next());
    }

    [Fact]
    public void ABusWithoutSystemdIsASourceThatIsDown()
    {
        using var bus = new BusDaemon();
        using var listener = new Listener(null, new UnitEvents(Unit, Change, bus.Address));

        var (source, reason) = listener.NextHealth();

        Assert.Equal($"events of {Unit}", source);
        Assert.Contains("org.freedesktop.systemd1", reason, StringComparison.Ordinal);
    }
}
