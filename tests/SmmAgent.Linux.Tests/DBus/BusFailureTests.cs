using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using SmmAgent.Linux.DBus;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Tests.DBus;

/// <summary>Calls that are not answered in time, and answers that are too large.</summary>
public sealed class BusFailureTests : BusFixture
{
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
        Daemon.Stop();

        var error = await Assert.ThrowsAsync<DBusException>(() => HasOwnerAsync(bus, Bus));

        Assert.Equal((DBusException.NoReply, "the system bus ended the connection"), (error.Name, error.Message));
        Assert.Equal(error.Message, (await disconnected).Message);
        Daemon.Start();
        using var next = Open();
        Assert.True(await HasOwnerAsync(next, Bus));
    }

    [Fact]
    public async Task ACallThatIsNeverAnsweredEndsAfterItsTime()
    {
        await using var peer = await BusPeer.StartAsync(Daemon.Address);
        using var bus = BusConnection.Open(Daemon.Address, TimeSpan.FromSeconds(1));
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
    public async Task ReadCanBeCancelled()
    {
        await using var peer = await BusPeer.StartAsync(Daemon.Address);
        using var bus = Open();
        using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => bus.ReadAsync(BusPeer.Call, "s", (ref reply) => reply.ReadString(), cancelled.Token));
    }

    [Fact]
    public async Task ChangeThatWasSentIsNotCancelledAndItsAnswerIsRead()
    {
        using var cancelled = new CancellationTokenSource();
        await using var peer = await BusPeer.StartAsync(Daemon.Address, context =>
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
        await using var peer = await BusPeer.StartAsync(Daemon.Address, context =>
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
        await using var peer = await BusPeer.StartAsync(Daemon.Address, context =>
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
        await using var peer = await BusPeer.StartAsync(Daemon.Address);
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
}
