using SmmAgent.Linux.Host;

namespace SmmAgent.Checks.Observations;

/// <summary>The listening processes and ports of this VM.</summary>
/// <param name="Tcp">All TCP listeners.</param>
/// <param name="Dns">The sockets that answer DNS over UDP.</param>
/// <param name="Owners">The processes that this user may see.</param>
internal sealed record ListenersObservation(
    IReadOnlyList<ListeningSocket> Tcp, IReadOnlyList<ListeningSocket> Dns, IReadOnlyDictionary<string, SocketOwner> Owners)
{
    private const int DnsPort = 53;

    public static ListenersObservation Read()
    {
        var tcp = ListeningSockets.Tcp();
        var dns = ListeningSockets.Udp().Where(socket => socket.Local.Port == DnsPort).ToList();
        return new(tcp, dns, SocketOwners.Find([.. tcp, .. dns]));
    }

    public IReadOnlyList<ListeningSocket> On(int port) => Tcp.Where(socket => socket.Local.Port == port).ToArray();

    /// <summary><c>nginx (pid 812)</c>, each process once; null if none is visible.</summary>
    public string? Names(IEnumerable<ListeningSocket> sockets) =>
        sockets.Select(socket => Owners.GetValueOrDefault(socket.Inode)).OfType<SocketOwner>().Distinct().ToList() is { Count: > 0 } owners
            ? string.Join(", ", owners)
            : null;
}
