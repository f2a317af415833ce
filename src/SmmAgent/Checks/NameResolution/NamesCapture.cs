using System.Net;
using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Network.Names;

namespace SmmAgent.Checks.NameResolution;

/// <summary>The sidecar's DNS capture against the VM's own name server: systemd-resolved, dnsmasq and the like.</summary>
/// <remarks>
/// The capture takes the queries to the servers that resolv.conf names, except the sidecar's own, and passes on what the mesh does not know.
/// A name server of this VM's that asks one of them in turn would be captured, too: round and round. Before Istio 1.9 the capture took the
/// queries to every server.
/// </remarks>
internal sealed class NamesCapture() : Check("names-capture", CheckGroup.NameResolution, "DNS capture")
{
    private static readonly Version CapturesListedOnly = new(1, 9);

    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        try
        {
            var resolver = ResolverConfiguration.Read(Path.Combine(context.Paths.Root, "etc/resolv.conf"));
            return [resolver is { Servers: { Count: > 0 } servers }
                ? Line(servers, context, (await context.Mesh).Config?.Mesh.IstioVersion)
                : CheckLine.Fail(
                    "/etc/resolv.conf names no name server: the sidecar has nobody to ask for names outside the mesh",
                    "add a line: nameserver ADDRESS")];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return [CheckLine.Skipped($"/etc/resolv.conf cannot be read: {exception.Message}")];
        }
    }

    private static CheckLine Line(IReadOnlyList<IPAddress> servers, CheckContext context, string? istio)
    {
        var own = servers.Where(server => IPAddress.IsLoopback(server) || context.Interfaces.Addresses.Any(one => one.Address.Equals(server))).ToList();
        if (own.Count == 0)
            return CheckLine.Pass($"asks {string.Join(", ", servers)}; no name server of this VM's own is in between");
        if (own.FirstOrDefault(server => !Answering(server, context.Listeners).Any()) is { } silent)
        {
            return CheckLine.Fail(
                $"/etc/resolv.conf names {silent}, but nothing on this VM answers there",
                "start that name server, or name another in /etc/resolv.conf");
        }

        var who = $"{Who(own[0], context.Listeners)} at {own[0]}";
        if (Version.TryParse(istio?.Split('-')[0], out var version) && version < CapturesListedOnly)
        {
            return CheckLine.Fail(
                $"{who} forwards names, and Istio {istio} captures what it forwards, too: names would go round in circles",
                "upgrade Istio to 1.9 or later, or name the servers that it forwards to in /etc/resolv.conf instead of it");
        }

        return own.Count == servers.Count
            ? CheckLine.Pass($"{who} forwards names: the sidecar captures what programs ask it, not what it asks others")
            : CheckLine.Warn(
                $"{who} forwards names, and /etc/resolv.conf names {string.Join(", ", servers.Except(own))} beside it: "
                + "if it forwards to that one, names go round in circles",
                $"name {own[0]} alone in /etc/resolv.conf, or only the others");
    }

    private static string Who(IPAddress server, ListenersObservation listeners) =>
        listeners.Names(Answering(server, listeners))
        ?? (server.Equals(ResolverConfiguration.ResolvedStub) ? "systemd-resolved" : "a name server of this VM's own");

    private static IEnumerable<ListeningSocket> Answering(IPAddress server, ListenersObservation listeners) =>
        listeners.Dns.Where(socket => socket.Local.Address.Equals(server) || socket.Local.Address.Equals(IPAddress.Any) || socket.Local.Address.Equals(IPAddress.IPv6Any));
}
