using SmmAgent.Linux.Systemd;
using SmmAgent.Linux.Tests.Events;

namespace SmmAgent.Linux.Tests.Systemd;

public sealed class SdBusTests : IDisposable
{
    private const string Bus = "org.freedesktop.DBus";
    private const string Path = "/org/freedesktop/DBus";

    private readonly BusDaemon _daemon = new();

    public void Dispose() => _daemon.Dispose();

    [Fact]
    public void CallsTakeArgumentsAndRepliesAreRead()
    {
        using var bus = SdBus.OpenSystem(_daemon.Address);
        using var names = bus.Call(bus.NewCall(Bus, Path, Bus, "ListNames"));
        using var owned = bus.Call(bus.NewCall(Bus, Path, Bus, "NameHasOwner").Add(Bus));
        using var notOwned = bus.Call(bus.NewCall(Bus, Path, Bus, "NameHasOwner").Add("org.example.Nobody"));

        Assert.Contains(Bus, names.ReadStrings());
        Assert.True(owned.ReadBool());
        Assert.False(notOwned.ReadBool());
    }

    [Fact]
    public void DictionariesOfVariantsAreReadAndLeftOut()
    {
        using var bus = SdBus.OpenSystem(_daemon.Address);
        using var reply = bus.Call(bus.NewCall(Bus, Path, "org.freedesktop.DBus.Properties", "GetAll").Add(Bus));

        IReadOnlyList<string> features = [];
        var keys = reply.ReadArray("{sv}", entry => entry.ReadEntry("sv", property =>
        {
            var key = property.ReadString();
            if (key == "Features")
                features = property.ReadVariant("as", value => value.ReadStrings());
            else
                property.Skip("v");
            return key;
        }));

        Assert.Equal(["Features", "Interfaces"], keys.Order());
        Assert.NotEmpty(features);
    }

    [Fact]
    public void AnErrorCarriesItsNameAndMessage()
    {
        using var bus = SdBus.OpenSystem(_daemon.Address);

        var error = Assert.Throws<DBusException>(() => bus.Call(bus.NewCall("org.example.Nobody", "/", "org.example.Nobody", "Do")));

        Assert.Equal(DBusException.NameHasNoOwner, error.Name);
        Assert.Contains("org.example.Nobody", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongArgumentsAreRefusedByTheOtherSide()
    {
        using var bus = SdBus.OpenSystem(_daemon.Address);

        var error = Assert.Throws<DBusException>(
            () => bus.Call(bus.NewCall(Bus, Path, Bus, "NameHasOwner").Add(["a", "b"]).Add(true).Add(7)));

        Assert.Equal("org.freedesktop.DBus.Error.InvalidArgs", error.Name);
        Assert.Contains("asbi", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadingMoreThanTheReplyHoldsIsAnErrorAndNotGarbage()
    {
        using var bus = SdBus.OpenSystem(_daemon.Address);
        using var reply = bus.Call(bus.NewCall(Bus, Path, Bus, "NameHasOwner").Add(Bus));
        reply.ReadBool();

        Assert.Throws<DBusException>(() => reply.ReadBool());
    }

    [Fact]
    public void NothingAtTheAddressIsToldWithTheAddress()
    {
        var error = Assert.Throws<DBusException>(() => SdBus.OpenSystem(_daemon.Address + "-not"));

        Assert.Equal(DBusException.NoBus, error.Name);
        Assert.Equal($"no system bus at {_daemon.Address}-not: No such file or directory", error.Message);
    }
}
