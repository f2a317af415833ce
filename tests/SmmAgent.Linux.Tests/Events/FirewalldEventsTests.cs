using SmmAgent.Linux.Events;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Tests.Events;

public sealed class FirewalldEventsTests : IDisposable
{
    private const string Bus = "org.freedesktop.DBus";
    private const string Firewalld = "org.fedoraproject.FirewallD1";

    private readonly BusDaemon _bus = new();

    public void Dispose() => _bus.Dispose();

    [Fact]
    public void FirewalldThatComesAndGoesIsToldAndOthersAreNot()
    {
        using var listener = Connected();
        // Twice the name of somebody else, which must not be told, before firewalld's.
        using (Own("org.example.Other"))
        using (Own(Firewalld))
            Assert.Equal(HostChange.Firewalld, listener.Next());

        Assert.Equal(HostChange.Firewalld, listener.Next());
        Assert.Equal(0, listener.Untaken);
    }

    [Fact]
    public void ABusThatRestartsIsFoundAgain()
    {
        using var listener = Connected();

        _bus.Stop();
        Assert.Equal("firewalld events", listener.NextHealth().Source);
        Assert.Equal(HostChange.Firewalld, listener.Next());

        _bus.Start();
        while (listener.NextHealth().Why is not null)
        {
        }

        // One as the source is open again, one as it is connected.
        Assert.Equal(HostChange.Firewalld, listener.Next());
        Assert.Equal(HostChange.Firewalld, listener.Next());
        using (Own(Firewalld))
            Assert.Equal(HostChange.Firewalld, listener.Next());
    }

    private Listener Connected()
    {
        var listener = new Listener(null, new FirewalldEvents(_bus.Address));
        Assert.Equal(HostChange.Firewalld, listener.Next());
        return listener;
    }

    private SdBus Own(string name)
    {
        var bus = SdBus.OpenSystem(_bus.Address);
        try
        {
            bus.Call(bus.NewCall(Bus, "/org/freedesktop/DBus", Bus, "RequestName").Add(name).AddUnsigned(0)).Dispose();
            return bus;
        }
        catch
        {
            bus.Dispose();
            throw;
        }
    }
}
