namespace SmmDashboard.Kubernetes.Watching;

/// <summary>
/// Lines of a stream, each of at most a given length. A last line without an end is cut off by the connection, and is left out.
/// </summary>
internal sealed class BoundedLines(Stream stream, int longest)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _from;
    private int _to;

    /// <summary>The next line, valid until the next call; null at the end.</summary>
    /// <exception cref="InvalidDataException">The line is too long.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancellationToken)
    {
        var searched = _from;
        while (true)
        {
            var end = _buffer.AsSpan(searched, _to - searched).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = _buffer.AsMemory(_from, searched + end - _from);
                _from = searched + end + 1;
                return line;
            }

            if (_to - _from > longest)
                throw new InvalidDataException($"a line of the watch has more than {longest} bytes");

            EvictOldest();
            searched = _to;
            var read = await stream.ReadAsync(_buffer.AsMemory(_to), cancellationToken);
            if (read == 0)
                return null;
            _to += read;
        }
    }

    private void EvictOldest()
    {
        if (_from > 0)
        {
            _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
            (_from, _to) = (0, _to - _from);
        }

        if (_to == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
    }
}
