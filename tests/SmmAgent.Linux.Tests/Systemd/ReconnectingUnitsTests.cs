using Microsoft.Extensions.Time.Testing;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using SmmAgent.Linux.DBus;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Tests.Systemd;

/// <summary>A command may be at work for minutes between two uses of the bus, and the bus may be restarted in that time.</summary>
public sealed class ReconnectingUnitsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<IUnits> _opened = [];

    [Fact]
    public async Task AConnectionThatWasIdleIsOpenedAgain()
    {
        using var units = new ReconnectingUnits(Open, _time);
        units.ObserveUnit("a.service");
        _time.Advance(ReconnectingUnits.Idle);
        units.ObserveService("a.service");
        Assert.Single(_opened);

        _time.Advance(TimeSpan.FromSeconds(40));
        await units.RunAsync(UnitJob.Start, "a.service", TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);

        Assert.Equal(2, _opened.Count);
        _opened[0].Received(1).Dispose();
        await _opened[1].Received(1).RunAsync(UnitJob.Start, "a.service", TimeSpan.FromSeconds(1), Arg.Any<CancellationToken>());
    }

    [Fact]
    public void AConnectionThatTheBusEndedIsOpenedAgainAtTheNextUse()
    {
        using var units = new ReconnectingUnits(Open, _time);
        _opened[0].ObserveUnit("a.service").Throws(new DBusException(DBusException.NoReply, "the system bus ended the connection"));

        Assert.Throws<DBusException>(() => units.ObserveUnit("a.service"));
        units.ObserveUnit("a.service");

        Assert.Equal(2, _opened.Count);
    }

    private IUnits Open()
    {
        _opened.Add(Substitute.For<IUnits>());
        return _opened[^1];
    }
}
