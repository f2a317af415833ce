using System.Net;
using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Network.Names;

namespace SmmAgent.Checks.NameResolution;

/// <summary>Checks the sidecar's DNS capture together with the VM's own name server, such as systemd-resolved or dnsmasq.</summary>
/// <remarks>
/// The sidecar captures the queries to the servers in resolv.conf, except its own queries, and forwards names that the mesh does not know.
/// The queries of a name server on this VM to one of these servers would also be captured, in a loop. Before Istio 1.9 the sidecar captured
/// the queries to every server.
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
                    "/etc/resolv.conf names no name server: the sidecar has no server for names outside the mesh",
                    "add a line: nameserver ADDRESS")];
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return [CheckLine.Skipped($"/etc/resolv.conf cannot be read: {FileErrors.Reason(exception)}")];
        }
    }

    private static CheckLine Line(IReadOnlyList<IPAddress> servers, CheckContext context, string? istio)
    {
        var own = servers
            .Where(server => IPAddress.IsLoopback(server) || context.Interfaces.Addresses.Any(one => one.Address.Equals(server)))
            .ToList();
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
                $"{who} forwards names, and Istio {istio} also captures what it forwards: queries would loop",
                "upgrade Istio to 1.9 or later, or name the servers that it forwards to in /etc/resolv.conf instead of it");
        }

        return own.Count == servers.Count
            ? CheckLine.Pass($"{who} forwards names: the sidecar captures what programs ask it, not what it asks others")
            : CheckLine.Warn(
                $"{who} forwards names, and /etc/resolv.conf names {string.Join(", ", servers.Except(own))} beside it: "
                + "if it forwards to that one, queries loop",
                $"name {own[0]} alone in /etc/resolv.conf, or only the others");
    }

    private static string Who(IPAddress server, ListenersObservation listeners) =>
        listeners.Names(Answering(server, listeners))
        ?? (server.Equals(ResolverConfiguration.ResolvedStub) ? "systemd-resolved" : "a name server of this VM's own");

    private static IEnumerable<ListeningSocket> Answering(IPAddress server, ListenersObservation listeners) =>
        listeners.Dns.Where(socket => socket.Local.Address.Equals(server)
            || socket.Local.Address.Equals(IPAddress.Any)
            || socket.Local.Address.Equals(IPAddress.IPv6Any));
}
