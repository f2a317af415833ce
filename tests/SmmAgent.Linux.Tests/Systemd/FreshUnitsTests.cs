using Microsoft.Extensions.Time.Testing;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using SmmAgent.Linux.DBus;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Tests.Systemd;

/// <summary>Between two uses of the bus a command may be at work for minutes: the bus ends a connection that nobody serves.</summary>
public sealed class FreshUnitsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<IUnits> _opened = [];

    [Fact]
    public async Task AConnectionThatWasIdleIsOpenedAnew()
    {
        using var units = new FreshUnits(Open, _time);
        units.Look("a.service");
        _time.Advance(FreshUnits.Idle);
        units.LookService("a.service");
        Assert.Single(_opened);

        _time.Advance(TimeSpan.FromSeconds(40));
        await units.RunAsync(UnitJob.Start, "a.service", TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);

        Assert.Equal(2, _opened.Count);
        _opened[0].Received(1).Dispose();
        await _opened[1].Received(1).RunAsync(UnitJob.Start, "a.service", TimeSpan.FromSeconds(1), Arg.Any<CancellationToken>());
    }

    [Fact]
    public void OneThatTheBusEndedIsOpenedAnewAtTheNextUse()
    {
        using var units = new FreshUnits(Open, _time);
        _opened[0].Look("a.service").Throws(new DBusException(DBusException.NoReply, "the system bus ended the connection"));

        Assert.Throws<DBusException>(() => units.Look("a.service"));
        units.Look("a.service");

        Assert.Equal(2, _opened.Count);
    }

    private IUnits Open()
    {
        _opened.Add(Substitute.For<IUnits>());
        return _opened[^1];
    }
}
