using SmmAgent.Core.Checks;

namespace SmmAgent.Checks;

/// <summary>Something listens on each port of the WorkloadGroup, where the sidecar finds it.</summary>
internal sealed class PortsWorkload() : Check("ports-workload", CheckGroup.Ports, "Workload")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        if ((await context.Mesh).Config is not { } config)
            return [CheckLine.Skipped("the WorkloadGroup's ports are not known without a mesh configuration")];
        if (config.WorkloadGroup.Ports.Count == 0)
            return [CheckLine.Pass("the WorkloadGroup names no port")];

        return [.. config.WorkloadGroup.Ports.OrderBy(port => port.Value)
            .Select(port => Line(port.Value, context) with { Subject = $"{port.Value} ({port.Key})" })];
    }

    private static CheckLine Line(int port, CheckContext context)
    {
        var sockets = context.Listeners.On(port);
        if (sockets.Count == 0)
            return CheckLine.Warn("nothing listens on it", "start the workload, or remove the port from the WorkloadGroup");

        var who = context.Listeners.Names(sockets) ?? "a process that only root sees";
        return sockets.All(socket => socket.IsLoopback)
            ? CheckLine.Fail(
                $"{who} listens on {sockets[0].Local.Address} only, where neither the cluster nor the sidecar reaches it",
                "let the workload listen on all addresses (0.0.0.0 or ::)")
            : CheckLine.Pass($"{who} listens");
    }
}
