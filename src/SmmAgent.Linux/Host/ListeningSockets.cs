using System.Globalization;
using System.Net;

namespace SmmAgent.Linux.Host;

/// <summary>A listening socket: a TCP listener, or a UDP socket that is bound and not connected.</summary>
/// <param name="Inode">The number of the socket in the kernel, which identifies its process.</param>
public sealed record ListeningSocket(IPEndPoint Local, int UserId, string Inode)
{
    /// <summary>Whether only this host can reach the socket.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Local.Address);
}

/// <summary>The listening sockets of this network namespace.</summary>
public static class ListeningSockets
{
    // Columns of /proc/net/tcp and udp, proc(5).
    private const int LocalAddress = 1;
    private const int State = 3;
    private const int User = 7;
    private const int InodeNumber = 9;

    /// <summary>Whether a program listens on the TCP port for other hosts: a listener on loopback only does not count.</summary>
    public static bool AnswerOthersOn(int port) => Tcp().Any(socket => socket.Local.Port == port && !socket.IsLoopback);

    /// <param name="procNet">The <c>/proc/net</c> of the network namespace. The default is not the link /proc/net, because it does not
    /// exist with ProcSubset=pid in the unit.</param>
    public static IReadOnlyList<ListeningSocket> Tcp(string procNet = "/proc/self/net") => Read(procNet, "tcp", "0A"); // TCP_LISTEN

    public static IReadOnlyList<ListeningSocket> Udp(string procNet = "/proc/self/net") => Read(procNet, "udp", "07"); // TCP_CLOSE: no peer

    private static List<ListeningSocket> Read(string procNet, string protocol, string state) =>
        new[] { protocol, protocol + "6" }.SelectMany(file => Lines(Path.Combine(procNet, file)))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > InodeNumber && fields[State] == state)
            .Select(Parse).OfType<ListeningSocket>().ToList();

    // Lines in an unknown format are ignored.
    private static ListeningSocket? Parse(string[] fields) =>
        fields[LocalAddress].Split(':') is [var hex, var number]
        && Address(hex) is { } address
        && ushort.TryParse(number, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var port)
        && uint.TryParse(fields[User], NumberStyles.None, CultureInfo.InvariantCulture, out var user)
            ? new(new IPEndPoint(address, port), unchecked((int)user), fields[InodeNumber])
            : null;

    // The kernel prints each four bytes as one number in the byte order of this machine.
    private static IPAddress? Address(string hex)
    {
        if (hex.Length is not (8 or 32))
            return null;

        var bytes = new byte[hex.Length / 2];
        for (var at = 0; at < bytes.Length; at += 4)
        {
            if (!uint.TryParse(hex.AsSpan(at * 2, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var word))
                return null;
            BitConverter.TryWriteBytes(bytes.AsSpan(at), word);
        }

        var address = new IPAddress(bytes);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static IEnumerable<string> Lines(string file) => File.Exists(file) ? File.ReadLines(file).Skip(1) : []; // no tcp6 without IPv6
}
