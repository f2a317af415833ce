using System.Buffers.Binary;

namespace SmmAgent.Linux.DBus;

/// <summary>The bytes of a connection to the bus, without messages that are larger than any that the agent needs.</summary>
/// <remarks>
/// The system bus lets every user send signals of up to 32 MiB to every connection, also to one that did not ask for signals. Such a
/// signal is dropped, and not more than a few kilobytes of it are in memory. Only the answer to a call may be large: the bus does not
/// deliver answers without a call. An answer above the limit ends the connection, because a call without an answer would only fail
/// later and without a reason.
/// </remarks>
internal sealed class BusStream(Stream socket) : Stream
{
    /// <summary>The largest answer, in bytes: more than 100,000 rich rules of firewalld.</summary>
    public const int LargestReply = 16 << 20;

    /// <summary>The largest signal or call, in bytes. Those that the agent asks for have some hundred.</summary>
    public const int LargestSignal = 1 << 20;

    private const int HeaderLength = 16;
    private const int BodyLengthOffset = 4;
    private const int FieldsLengthOffset = 12;
    private const byte BigEndian = (byte)'B';
    private const byte MethodReturn = 2;
    private const byte Error = 3;

    // Received, and not yet passed on or dropped: from _start to _end.
    private readonly byte[] _received = new byte[4096];
    private int _start;
    private int _end;

    private bool _isAuthenticated;
    private long _toPass;
    private long _toDrop;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_isAuthenticated)
            return await socket.ReadAsync(buffer, cancellationToken);

        while (_toPass == 0)
        {
            if (!await ReceiveAsync(_toDrop > 0 ? 1 : HeaderLength, cancellationToken))
                return 0;
            if (_toDrop > 0)
                Drop();
            else
                BeginMessage(_received.AsSpan(_start, HeaderLength));
        }

        var length = (int)Math.Min(_toPass, buffer.Length);
        if (_end > _start)
        {
            length = Math.Min(length, _end - _start);
            _received.AsMemory(_start, length).CopyTo(buffer);
            _start += length;
        }
        else
        {
            length = await socket.ReadAsync(buffer[..length], cancellationToken);
        }

        _toPass -= length;
        return length;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // The last line of the client's authentication: from then on the bus sends messages.
        if (!_isAuthenticated && buffer.Span.EndsWith("BEGIN\r\n"u8))
            _isAuthenticated = true;
        return socket.WriteAsync(buffer, cancellationToken);
    }

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            socket.Dispose();
        base.Dispose(disposing);
    }

    /// <returns>Whether so many bytes are there; false when the bus ended the connection.</returns>
    private async ValueTask<bool> ReceiveAsync(int atLeast, CancellationToken cancel)
    {
        while (_end - _start < atLeast)
        {
            _received.AsSpan(_start, _end - _start).CopyTo(_received);
            (_start, _end) = (0, _end - _start);
            var length = await socket.ReadAsync(_received.AsMemory(_end), cancel);
            if (length == 0)
                return false;
            _end += length;
        }

        return true;
    }

    private void BeginMessage(ReadOnlySpan<byte> header)
    {
        // The header's fields are followed by zeros, up to a multiple of eight bytes.
        var length = HeaderLength + ((Number(header, FieldsLengthOffset) + 7) & ~7L) + Number(header, BodyLengthOffset);
        var isReply = header[1] is MethodReturn or Error;
        if (length <= (isReply ? LargestReply : LargestSignal))
            _toPass = length;
        else if (!isReply)
            _toDrop = length;
        else
            throw new MessageTooLargeException($"an answer of {length} bytes came over the system bus, and {LargestReply} are allowed");
    }

    private void Drop()
    {
        var length = (int)Math.Min(_toDrop, _end - _start);
        _start += length;
        _toDrop -= length;
    }

    private static long Number(ReadOnlySpan<byte> header, int offset) => header[0] == BigEndian
        ? BinaryPrimitives.ReadUInt32BigEndian(header[offset..])
        : BinaryPrimitives.ReadUInt32LittleEndian(header[offset..]);
}

/// <summary>An answer that is too large to be read.</summary>
internal sealed class MessageTooLargeException(string message) : IOException(message);
