namespace SmmAgent.Linux.Network.Tls;

/// <summary>Forwards all data and records the first bytes of the peer, independently of the TLS library.</summary>
internal sealed class FirstBytesStream(Stream inner) : Stream
{
    /// <summary>The number of bytes that are sufficient to detect TLS.</summary>
    public const int Noted = 2;

    private readonly byte[] _first = new byte[Noted];
    private int _length;

    /// <summary>Whether the peer has sent any byte.</summary>
    public bool HasAnswered => _length > 0;

    /// <summary>Whether it begins like a TLS record: a type from change_cipher_spec to application_data, and major version 3.</summary>
    public bool LooksLikeTls => _length > 0 && _first[0] is >= 0x14 and <= 0x17 && (_length < 2 || _first[1] == 3);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var length = await inner.ReadAsync(buffer, cancellationToken);
        Note(buffer.Span[..length]);
        return length;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        var length = inner.Read(buffer, offset, count);
        Note(buffer.AsSpan(offset, length));
        return length;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        inner.WriteAsync(buffer, offset, count, cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Note(ReadOnlySpan<byte> read)
    {
        for (var i = 0; i < read.Length && _length < _first.Length; i++)
            _first[_length++] = read[i];
    }
}
