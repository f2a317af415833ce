using SmmAgent.Linux.DBus;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Tests.DBus;

/// <summary>Calls, their answers and their errors.</summary>
public sealed class BusConnectionTests : BusFixture
{
    [Fact]
    public async Task CallsTakeArgumentsAndTheirAnswersAreRead()
    {
        using var bus = Open();
        var names = await bus.ReadAsync(Method("ListNames"), "as", (ref reply) => reply.ReadArrayOfString(), Cancel);

        Assert.Contains(Bus, names);
        Assert.True(await HasOwnerAsync(bus, Bus));
        Assert.False(await HasOwnerAsync(bus, "org.example.Nobody"));
    }

    [Fact]
    public async Task AnErrorCarriesItsNameAndMessage()
    {
        using var bus = Open();

        var error = await Assert.ThrowsAsync<DBusException>(
            () => bus.ChangeAsync(new("org.example.Nobody", "/", "org.example.Nobody", "Do"), Cancel));

        Assert.Equal(DBusException.NameHasNoOwner, error.Name);
        Assert.Contains("org.example.Nobody", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongArgumentsAreRefusedByTheOtherSide()
    {
        using var bus = Open();

        var error = await Assert.ThrowsAsync<DBusException>(() => bus.ChangeAsync(
            Method("NameHasOwner").With("asbi", (ref writer) =>
            {
                writer.WriteArray(new[] { "a", "b" });
                writer.WriteBool(true);
                writer.WriteInt32(7);
            }),
            Cancel));

        Assert.Equal("org.freedesktop.DBus.Error.InvalidArgs", error.Name);
        Assert.Contains("asbi", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAnswerOfOtherTypesIsAnErrorAndNotGarbage()
    {
        using var bus = Open();

        var error = await Assert.ThrowsAsync<DBusException>(
            () => bus.ReadAsync(IsBusThere, "s", (ref reply) => reply.ReadString(), Cancel));

        Assert.Equal(DBusException.InvalidSignature, error.Name);
        Assert.Equal("the answer cannot be read: it has the types 'b' instead of 's'", error.Message);
        Assert.True(await HasOwnerAsync(bus, Bus));
    }

    [Fact]
    public async Task ReadingMoreThanTheAnswerHoldsIsAnErrorAndNotGarbage()
    {
        using var bus = Open();

        var error = await Assert.ThrowsAsync<DBusException>(
            () => bus.ReadAsync(IsBusThere, "b", (ref reply) => reply.ReadBool() & reply.ReadBool(), Cancel));

        Assert.Equal(DBusException.InvalidSignature, error.Name);
    }

    [Fact]
    public void AnAddressWhereNoProcessListensIsInTheMessage()
    {
        var error = Assert.Throws<DBusException>(() => BusConnection.Open(Daemon.Address + "-not"));

        Assert.True(error.IsAbsence);
        Assert.Equal($"no system bus at {Daemon.Address}-not: No such file or directory", error.Message);
    }

    [Theory]
    [InlineData("tcp:host=127.0.0.1,port=1")]
    [InlineData("unix:")]
    [InlineData("")]
    public void AnAddressWithoutAUnixSocketIsNoBus(string address)
    {
        var error = Assert.Throws<DBusException>(() => BusConnection.Open(address));

        Assert.True(error.IsAbsence);
        Assert.Equal($"no system bus at {address}: the address has no Unix socket", error.Message);
    }

    [Fact]
    public async Task TheFirstSocketOfAnAddressThatAcceptsIsUsed()
    {
        using var bus = BusConnection.Open($"tcp:host=127.0.0.1,port=1;{Daemon.Address}-not;{Daemon.Address},guid=00");

        Assert.True(await HasOwnerAsync(bus, Bus));
    }

    [Fact]
    public async Task ACallerThatBlocksAfterACallDoesNotStopTheConnection()
    {
        using var bus = Open();
        for (var i = 0; i < 20; i++)
            await CallAndBlockAsync(bus);
    }

    [Fact]
    public async Task ASignalOfAnotherSenderIsIgnoredAlsoWhenItIsSentToThisConnection()
    {
        await using var peer = await BusPeer.StartAsync(Daemon.Address);
        await using var other = await BusPeer.StartAsync(Daemon.Address, name: "org.example.Other");
        var (bus, address) = await OpenAsync(peer);
        using var _ = bus;
        var received = await ReceivedAsync(bus, new() { Type = MessageType.Signal, Sender = BusPeer.Name });

        other.SendSignal(1000, address);
        await other.NamesAsync();
        peer.SendSignal(2000, address);

        await Until.TrueAsync(() => received.Contains(2000), "the signal of the service arrived");
        Assert.Equal([2000], received);
    }
}
