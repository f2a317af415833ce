using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SmmAgent.Linux.DBus;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Tests.DBus;

public sealed partial class BusConnectionTests : IDisposable
{
    private const string Bus = "org.freedesktop.DBus";
    private const string Path = "/org/freedesktop/DBus";

    private static readonly BusCall IsBusThere = Method("NameHasOwner").With(Bus);

    private readonly BusDaemon _daemon = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _daemon.Dispose();

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
    public async Task SignalsToTheProcessDoNotEndACall()
    {
        using var over = new CancellationTokenSource();
        var signals = new Thread(() =>
        {
            while (!over.IsCancellationRequested)
                _ = SendSignal(Environment.ProcessId, ChildEnded);
        });
        signals.Start();
        try
        {
            using var bus = Open();
            for (var i = 0; i < 500; i++)
                Assert.True(await HasOwnerAsync(bus, Bus));
        }
        finally
        {
            over.Cancel();
            signals.Join();
        }
    }

    [Fact]
    public async Task ABusThatEndsFailsACallAtOnceAndANewConnectionWorksAfterItsRestart()
    {
        using var bus = Open();
        Assert.True(await HasOwnerAsync(bus, Bus));
        var disconnected = bus.DisconnectedAsync();
        _daemon.Stop();

        var error = await Assert.ThrowsAsync<DBusException>(() => HasOwnerAsync(bus, Bus));

        Assert.Equal((DBusException.NoReply, "the system bus ended the connection"), (error.Name, error.Message));
        Assert.Equal(error.Message, (await disconnected).Message);
        _daemon.Start();
        using var next = Open();
        Assert.True(await HasOwnerAsync(next, Bus));
    }

    [Fact]
    public void AnAddressWhereNoProcessListensIsInTheMessage()
    {
        var error = Assert.Throws<DBusException>(() => BusConnection.Open(_daemon.Address + "-not"));

        Assert.True(error.IsAbsence);
        Assert.Equal($"no system bus at {_daemon.Address}-not: No such file or directory", error.Message);
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
        using var bus = BusConnection.Open($"tcp:host=127.0.0.1,port=1;{_daemon.Address}-not;{_daemon.Address},guid=00");

        Assert.True(await HasOwnerAsync(bus, Bus));
    }

    [Fact]
    public async Task ACallThatIsNeverAnsweredEndsAfterItsTime()
    {
        await using var peer = await BusPeer.StartAsync(_daemon.Address);
        using var bus = BusConnection.Open(_daemon.Address, TimeSpan.FromSeconds(1));
        var took = Stopwatch.StartNew();

        var error = await Assert.ThrowsAsync<DBusException>(() => bus.ChangeAsync(BusPeer.Call, Cancel));

        Assert.Equal((DBusException.NoReply, "no answer within 1 s"), (error.Name, error.Message));
        Assert.InRange(took.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(20));
        Assert.True(await HasOwnerAsync(bus, Bus));
    }

    [Fact]
    public async Task ABusThatAcceptsAConnectionAndNeverAnswersEndsACallAfterItsTime()
    {
        using var folder = new TemporaryFolder();
        using var silent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(folder.Path("bus")));
        silent.Listen();
        using var bus = BusConnection.Open($"unix:path={folder.Path("bus")}", TimeSpan.FromMilliseconds(300));

        var error = await Assert.ThrowsAsync<DBusException>(() => HasOwnerAsync(bus, Bus));

        Assert.Equal(DBusException.NoReply, error.Name);
    }

    [Fact]
    public async Task ACallerThatBlocksAfterACallDoesNotStopTheConnection()
    {
        using var bus = Open();
        for (var i = 0; i < 20; i++)
            await CallAndBlockAsync(bus);
    }

    [Fact]
    public async Task ReadCanBeCancelled()
    {
        await using var peer = await BusPeer.StartAsync(_daemon.Address);
        using var bus = Open();
        using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => bus.ReadAsync(BusPeer.Call, "s", (ref reply) => reply.ReadString(), cancelled.Token));
    }

    [Fact]
    public async Task ChangeThatWasSentIsNotCancelledAndItsAnswerIsRead()
    {
        using var cancelled = new CancellationTokenSource();
        await using var peer = await BusPeer.StartAsync(_daemon.Address, context =>
        {
            cancelled.Cancel();
            context.Reply(context.CreateReplyWriter(null).CreateMessage());
        });
        using var bus = Open();

        await bus.ChangeAsync(BusPeer.Call, cancelled.Token);

        Assert.True(cancelled.IsCancellationRequested);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bus.ChangeAsync(BusPeer.Call, cancelled.Token));
    }

    [Fact]
    public async Task ChangeWithAnAnswerIsNotCancelledAfterItWasSent()
    {
        using var cancelled = new CancellationTokenSource();
        await using var peer = await BusPeer.StartAsync(_daemon.Address, context =>
        {
            cancelled.Cancel();
            var answer = context.CreateReplyWriter("s");
            answer.WriteString("done");
            context.Reply(answer.CreateMessage());
        });
        using var bus = Open();

        Assert.Equal("done", await bus.ChangeAsync(BusPeer.Call, "s", (ref reply) => reply.ReadString(), cancelled.Token));
    }

    [Fact]
    public async Task AnAnswerOfManyMegabytesIsReadAndALargerOneEndsTheConnectionWithTheReason()
    {
        await using var peer = await BusPeer.StartAsync(_daemon.Address, context =>
        {
            var answer = context.CreateReplyWriter("ay");
            answer.WriteArray(new byte[int.Parse(context.Request.GetBodyReader().ReadString(), CultureInfo.InvariantCulture)]);
            context.Reply(answer.CreateMessage());
        });
        using var bus = Open();

        Assert.Equal(15 << 20, (await AnswerAsync(15 << 20)).Length);
        var error = await Assert.ThrowsAsync<DBusException>(() => AnswerAsync(17 << 20));

        Assert.Equal(DBusException.NoReply, error.Name);
        Assert.Matches("^an answer of 178258[0-9]{2} bytes came over the system bus, and 16777216 are allowed$", error.Message);

        Task<byte[]> AnswerAsync(int length) =>
            bus.ReadAsync(BusPeer.Call.With($"{length}"), "ay", (ref reply) => reply.ReadArrayOfByte(), Cancel);
    }

    [Fact]
    public async Task AHugeSignalIsDroppedAndTheConnectionGoesOn()
    {
        await using var peer = await BusPeer.StartAsync(_daemon.Address);
        var (bus, address) = await OpenAsync(peer);
        using var _ = bus;
        var received = await ReceivedAsync(bus, new() { Type = MessageType.Signal, Member = "Noise" });

        peer.SendSignal(1000);
        peer.SendSignal(30 << 20, address);
        peer.SendSignal(30 << 20);
        peer.SendSignal(2000);

        await Until.TrueAsync(() => received.Contains(2000), "the signal after the huge ones arrived");
        Assert.Equal([1000, 2000], received);
        Assert.True(await HasOwnerAsync(bus, Bus));
    }

    [Fact]
    public async Task ASignalOfAnotherSenderIsIgnoredAlsoWhenItIsSentToThisConnection()
    {
        await using var peer = await BusPeer.StartAsync(_daemon.Address);
        await using var other = await BusPeer.StartAsync(_daemon.Address, name: "org.example.Other");
        var (bus, address) = await OpenAsync(peer);
        using var _ = bus;
        var received = await ReceivedAsync(bus, new() { Type = MessageType.Signal, Sender = BusPeer.Name });

        other.SendSignal(1000, address);
        await other.NamesAsync();
        peer.SendSignal(2000, address);

        await Until.TrueAsync(() => received.Contains(2000), "the signal of the service arrived");
        Assert.Equal([2000], received);
    }

    // Where no synchronization context takes the continuation, it runs on the thread that completed the call.
    private static async Task CallAndBlockAsync(BusConnection bus)
    {
        Assert.True(await HasOwnerAsync(bus, Bus).ConfigureAwait(false));
        Assert.True(HasOwnerAsync(bus, Bus).GetAwaiter().GetResult());
        await Assert.ThrowsAsync<DBusException>(() => bus.ChangeAsync(Method("None"), Cancel)).ConfigureAwait(false);
        Assert.True(HasOwnerAsync(bus, Bus).GetAwaiter().GetResult());
    }

    /// <returns>The connection, and its address on the bus.</returns>
    private async Task<(BusConnection Bus, string Address)> OpenAsync(BusPeer peer)
    {
        var before = await peer.NamesAsync();
        var bus = Open();
        await HasOwnerAsync(bus, Bus);
        return (bus, (await peer.NamesAsync()).Except(before).Single());
    }

    /// <returns>The lengths of the signals that arrive.</returns>
    private static async Task<ConcurrentQueue<int>> ReceivedAsync(BusConnection bus, MatchRule rule)
    {
        var received = new ConcurrentQueue<int>();
        await bus.SubscribeAsync(rule, "ay", (ref body) => body.ReadArrayOfByte().Length, received.Enqueue, Cancel);
        return received;
    }

    private BusConnection Open() => BusConnection.Open(_daemon.Address);

    private static BusCall Method(string name) => new(Bus, Path, Bus, name);

    private static Task<bool> HasOwnerAsync(BusConnection bus, string name) =>
        bus.ReadAsync(Method("NameHasOwner").With(name), "b", (ref reply) => reply.ReadBool(), Cancel);

    private const int ChildEnded = 17;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
