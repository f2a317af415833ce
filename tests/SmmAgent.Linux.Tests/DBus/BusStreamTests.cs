using System.Buffers.Binary;
using SmmAgent.Linux.DBus;

namespace SmmAgent.Linux.Tests.DBus;

public sealed class BusStreamTests
{
    private const byte Call = 1;
    private const byte Reply = 2;
    private const byte Error = 3;
    private const byte Signal = 4;

    [Fact]
    public async Task TheBytesOfTheAuthenticationAreNotTakenForMessages()
    {
        await using var stream = new BusStream(new Sent("OK 0123456789abcdef0123456789abcdef\r\n"u8.ToArray(), chunk: 5));

        Assert.Equal("OK 0123456789abcdef0123456789abcdef\r\n"u8.ToArray(), await ReadAsync(stream));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    [InlineData(int.MaxValue)]
    public async Task MessagesPassUnchangedAndLargeOnesThatAreNoRepliesAreLeftOut(int chunk)
    {
        byte[][] small =
        [
            Message(Signal, BusStream.LargestSignal), Message(Call, 0), Message(Reply, BusStream.LargestSignal + 8), Message(Error, 100),
            Message(Signal, 5, fields: 13), Message(Signal, 1, isBigEndian: true),
        ];
        byte[][] large =
        [
            Message(Signal, BusStream.LargestSignal + 1), Message(Call, 3 << 20, fields: 3), Message(Signal, 2 << 20, isBigEndian: true),
        ];
        var sent = small.Zip(large.Concat(large), (one, other) => one.Concat(other)).SelectMany(bytes => bytes).ToArray();
        await using var stream = await AuthenticatedAsync(sent, chunk);

        Assert.Equal(small.SelectMany(bytes => bytes).ToArray(), await ReadAsync(stream));
    }

    [Fact]
    public async Task ALargeSignalIsNotKeptInMemory()
    {
        await using var stream = await AuthenticatedAsync([.. Message(Signal, 30 << 20), .. Message(Signal, 25)], 4096);
        var buffer = new byte[4096];
        var before = GC.GetTotalAllocatedBytes(precise: true);

        var length = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken);

        Assert.Equal(1, buffer[4]);
        Assert.InRange(length, 1, 32);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 8 << 20);
    }

    [Theory]
    [InlineData(Reply)]
    [InlineData(Error)]
    public async Task AReplyAboveTheLimitEndsTheConnection(byte type)
    {
        await using var stream = await AuthenticatedAsync(Message(type, BusStream.LargestReply + 1), 4096);

        var error = await Assert.ThrowsAsync<MessageTooLargeException>(() => ReadAsync(stream));

        Assert.Equal("an answer of 16777217 bytes came over the system bus, and 16777216 are allowed", error.Message);
    }

    [Fact]
    public async Task AConnectionThatEndsInsideAMessageEnds()
    {
        await using var stream = await AuthenticatedAsync(Message(Signal, 100)[..50], 4096);

        Assert.Equal(50, (await ReadAsync(stream)).Length);
    }

    private static async Task<BusStream> AuthenticatedAsync(byte[] sent, int chunk)
    {
        var stream = new BusStream(new Sent(sent, chunk));
        await stream.WriteAsync("BEGIN\r\n"u8.ToArray());
        return stream;
    }

    private static async Task<byte[]> ReadAsync(BusStream stream)
    {
        var (all, buffer) = (new MemoryStream(), new byte[1000]);
        while (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var length)
            all.Write(buffer, 0, length);
        return all.ToArray();
    }

    /// <summary>A message of so many bytes, or with an empty body when that is too few for its header.</summary>
    private static byte[] Message(byte type, int length, int fields = 8, bool isBigEndian = false)
    {
        var header = 16 + ((fields + 7) / 8 * 8);
        var message = new byte[Math.Max(length, header)];
        message.AsSpan(header).Fill(type);
        message[0] = (byte)(isBigEndian ? 'B' : 'l');
        message[1] = type;
        message[3] = 1;
        Write(message.AsSpan(4), message.Length - header);
        Write(message.AsSpan(12), fields);
        return message;

        void Write(Span<byte> to, int value)
        {
            if (isBigEndian)
                BinaryPrimitives.WriteInt32BigEndian(to, value);
            else
                BinaryPrimitives.WriteInt32LittleEndian(to, value);
        }
    }

    /// <summary>What the other side sent, of which at most so many bytes come at once.</summary>
    private sealed class Sent(byte[] bytes, int chunk) : MemoryStream
    {
        private int _at;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var length = Math.Min(Math.Min(buffer.Length, chunk), bytes.Length - _at);
            bytes.AsMemory(_at, length).CopyTo(buffer);
            _at += length;
            return new(length);
        }
    }
}
