using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.Ports;

/// <summary>Checks that a process listens on each port of the WorkloadGroup, where the sidecar reaches it.</summary>
internal sealed class PortsWorkload() : Check("ports-workload", CheckGroup.Ports, "Workload")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var mesh = await context.Mesh;
        if ((mesh.Config?.WorkloadGroup.Ports.ToList() ?? PortsOfDaemon(context)) is not { } ports)
            return [mesh.MissingLine];

        return ports.Count == 0
            ? [CheckLine.Pass("the WorkloadGroup names no port")]
            :
                ports.OrderBy(port => port.Value)
                    .Select(port => Line(port.Value, context) with { Subject = $"{port.Value} ({port.Key})" }).ToArray();
    }

    // A user who may not read the mesh configuration may still read the status of the daemon. A daemon without one lists no port.
    private static List<KeyValuePair<string, int>>? PortsOfDaemon(CheckContext context) => context.Daemon.Status?.Ports
        .Where(port => port.Wanted == true && !context.Settings.Settings.ManagementPorts.Contains(port.Port))
        .Select(port => KeyValuePair.Create(port.Name, port.Port))
        .ToList() is { Count: > 0 } ports ? ports : null;

    private static CheckLine Line(int port, CheckContext context)
    {
        var sockets = context.Listeners.On(port);
        if (sockets.Count == 0)
            return CheckLine.Warn("has no listener", "start the workload, or remove the port from the WorkloadGroup");

        var who = context.Listeners.Names(sockets) ?? "a process that only root can identify";
        return sockets.All(socket => socket.IsLoopback)
            ? CheckLine.Fail(
                $"is served by {who} on {sockets[0].Local.Address} only, where neither the cluster nor the sidecar reaches it",
                "let the workload listen on all addresses (0.0.0.0 or ::)")
            : CheckLine.Pass($"is served by {who}");
    }
}
