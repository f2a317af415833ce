using System.Text;

namespace SmmAgent.Linux.Files;

/// <summary>
/// Writes a tar archive (POSIX ustar) of small files. System.Formats.Tar would add far more code than the one header that this needs.
/// </summary>
public sealed class TarWriter(Stream output, string folder, DateTimeOffset time)
{
    /// <summary>The maximum length of a name in bytes.</summary>
    public const int LongestName = Mode;

    private const int Block = 512;

    // POSIX.1, ustar: the offsets of the header fields.
    private const int Mode = 100;
    private const int Size = 124;
    private const int Time = 136;
    private const int Checksum = 148;
    private const int Type = 156;
    private const int Magic = 257;
    private const int Prefix = 345;

    /// <param name="name">The name below the folder of the archive, at most <see cref="LongestName"/> bytes.</param>
    public async Task AddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        await output.WriteAsync(Header(name, content.Length), cancel);
        await output.WriteAsync(content, cancel);
        await output.WriteAsync(new byte[(Block - (content.Length % Block)) % Block], cancel);
    }

    /// <summary>Writes the end of the archive: two empty blocks.</summary>
    public Task EndAsync(CancellationToken cancel) => output.WriteAsync(new byte[2 * Block], cancel).AsTask();

    private byte[] Header(string name, int size)
    {
        var header = new byte[Block];
        Put(header, 0, Mode, name);
        Put(header, Mode, 8, "0000600");
        Put(header, Mode + 8, 8, "0000000"); // owner and group: root
        Put(header, Mode + 16, 8, "0000000");
        Put(header, Size, 12, Octal(size, 11));
        Put(header, Time, 12, Octal(time.ToUnixTimeSeconds(), 11));
        Put(header, Checksum, 8, "        ");
        header[Type] = (byte)'0';
        Put(header, Magic, 8, "ustar\u000000");
        Put(header, Prefix, 155, folder);
        var sum = 0;
        foreach (var value in header)
            sum += value;
        Put(header, Checksum, 7, Octal(sum, 6) + "\0");
        return header;
    }

    private static string Octal(long value, int digits) => Convert.ToString(value, 8).PadLeft(digits, '0');

    private static void Put(byte[] header, int at, int length, string text)
    {
        if (Encoding.UTF8.GetByteCount(text) > length)
            throw new ArgumentException($"'{text}' is longer than {length} bytes", nameof(text));
        Encoding.UTF8.GetBytes(text, header.AsSpan(at, length));
    }
}
