using System.Globalization;
using System.Text;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>A GET that must be answered with 200. Only the status line is read, or the head if the date is wanted.</summary>
/// <param name="host">The Host header: a name or an address (IPv6 in brackets), and the port unless it is the default.</param>
public sealed class HttpGetProbe(string host, string path) : PortProbe
{
    private const int MaximumStatusLine = 1024;
    private const int MaximumHead = 8 * 1024;

    /// <summary>Whether to read the clock of the peer.</summary>
    public bool WantsDate { get; init; }

    public override string Awaited => $"did not answer GET {path}";

    public override async Task<PortProbeResult> RunAsync(Stream connection, CancellationToken cancel)
    {
        var request = $"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: smm-agent\r\nAccept: */*\r\nConnection: close\r\n\r\n";
        await connection.WriteAsync(Encoding.ASCII.GetBytes(request), cancel);
        var head = WantsDate
            ? await ReadUntilAsync(connection, "\r\n\r\n"u8.ToArray(), MaximumHead, cancel)
            : await ReadUntilAsync(connection, "\n"u8.ToArray(), MaximumStatusLine, cancel);
        if (head.Length == 0)
            return new(Outcome.NotReady, $"hung up instead of answering GET {path}");

        var result = Status(head) switch
        {
            200 => PortProbeResult.Ok,
            { } status => new(Outcome.NotReady, $"answered GET {path} with {status} instead of 200"),
            null => new(Outcome.NotReady, $"answered GET {path} with something that is not HTTP"),
        };
        return result with { Date = WantsDate ? Date(head) : null };
    }

    private static async Task<string> ReadUntilAsync(Stream connection, byte[] end, int limit, CancellationToken cancel)
    {
        var buffer = new byte[limit];
        var length = 0;
        while (length < buffer.Length && buffer.AsSpan(0, length).IndexOf(end) < 0)
        {
            var read = await connection.ReadAsync(buffer.AsMemory(length), cancel);
            if (read == 0)
                break;
            length += read;
        }

        return Encoding.ASCII.GetString(buffer, 0, length);
    }

    private static DateTimeOffset? Date(string head)
    {
        const string Header = "Date:";
        var line = head.Split("\r\n").FirstOrDefault(line => line.StartsWith(Header, StringComparison.OrdinalIgnoreCase));
        return DateTimeOffset.TryParseExact(
            line?[Header.Length..].Trim(), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date
            : null;
    }

    /// <summary>The status of <c>HTTP/1.1 200 OK</c>.</summary>
    private static int? Status(string line) =>
        line.Length >= 12
        && line.StartsWith("HTTP/1.", StringComparison.Ordinal)
        && line[8] == ' '
        && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? status
            : null;
}
