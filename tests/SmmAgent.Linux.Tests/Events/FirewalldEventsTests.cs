using SmmAgent.Linux.Events;
using SmmAgent.Linux.Tests.DBus;

namespace SmmAgent.Linux.Tests.Events;

public sealed class FirewalldEventsTests : IDisposable
{
    private const string Firewalld = "org.fedoraproject.FirewallD1";

    private readonly BusDaemon _bus = new();

    public void Dispose() => _bus.Dispose();

    [Fact]
    public async Task TheStartAndTheEndOfFirewalldAreReportedAndThoseOfOthersAreNot()
    {
        using var listener = Connected();
        // Twice the name of another program, which must not be reported, before that of firewalld.
        await using (await OwnAsync("org.example.Other"))
        await using (await OwnAsync(Firewalld))
            Assert.Equal(HostChange.Firewalld, listener.Next());

        Assert.Equal(HostChange.Firewalld, listener.Next());
        Assert.Equal(0, listener.Untaken);
    }

    [Fact]
    public async Task ABusThatRestartsIsUsedAgain()
    {
        using var listener = Connected();

        _bus.Stop();
        Assert.Equal("firewalld events", listener.NextHealth().Source);
        Assert.Equal(HostChange.Firewalld, listener.Next());

        _bus.Start();
        while (listener.NextHealth().Reason is not null)
        {
        }

        // One as the source is open again, one as it is connected.
        Assert.Equal(HostChange.Firewalld, listener.Next());
        Assert.Equal(HostChange.Firewalld, listener.Next());
        await using (await OwnAsync(Firewalld))
            Assert.Equal(HostChange.Firewalld, listener.Next());
    }

    private Listener Connected()
    {
        var listener = new Listener(null, new FirewalldEvents(_bus.Address));
        Assert.Equal(HostChange.Firewalld, listener.Next());
        return listener;
    }

    private Task<BusPeer> OwnAsync(string name) => BusPeer.StartAsync(_bus.Address, name: name);
}
