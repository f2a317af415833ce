namespace SmmDashboard.Embedded.Registration;

/// <summary>Reads lines of a bounded length.</summary>
public sealed class LineReader(Stream stream, int limit)
{
    private readonly byte[] _buffer = new byte[limit + 1];
    private int _start;
    private int _end;

    /// <summary>Reads the next line without its line end; null at the end of the stream.</summary>
    /// <exception cref="InvalidDataException">The line is longer than the limit.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var newline = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                var line = _buffer.AsMemory(_start, newline);
                _start += newline + 1;
                return line;
            }

            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }

            if (_end == _buffer.Length)
                throw new InvalidDataException($"a line is longer than {limit} bytes");

            var count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (count == 0)
                return null;

            _end += count;
        }
    }
}
