using SmmAgent.Checks.Observations;
using SmmAgent.Contract;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.Ports;

/// <summary>Checks that the agent's own ports are free or served by the agent.</summary>
internal sealed class PortsAgent() : Check("ports-agent", CheckGroup.Ports, "Agent ports")
{
    private const string Agent = "smm-agent";

    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<CheckLine>>(
            context.Settings.Settings.ManagementPorts.Select(port => Line(port, context) with { Subject = $"{port}" }).ToArray());

    private static CheckLine Line(int port, CheckContext context)
    {
        var sockets = context.Listeners.On(port);
        var others = sockets.Where(socket => context.Listeners.Owners.GetValueOrDefault(socket.Inode)?.Name != Agent).ToList();
        if (others.Count == 0)
        {
            return sockets.Count > 0 ? CheckLine.Pass($"is served by {context.Listeners.Names(sockets)}")
                : context.Daemon.Status is null ? CheckLine.Pass("is free")
                : CheckLine.Warn("is not served, although the daemon runs", Fix(port, context));
        }

        return context.Listeners.Names(others) is { } names
            ? CheckLine.Fail(
                $"is used by {names}: the agent cannot serve it",
                "stop that program or move it to another port; the agent takes the port as soon as it is free")
            : CheckLine.Skipped($"is used by a process of user id {others[0].UserId}; only root can see whether it is the agent", AsRoot);
    }

    private static string Fix(int port, CheckContext context) => port is DashboardApi.AgentPort or DashboardApi.SidecarMetricsPort
        ? "see the reason: journalctl -u smm-agent"
        : $"the agent serves {DashboardApi.AgentPort} and {DashboardApi.SidecarMetricsPort} only: "
            + $"remove {port} from firewall.managementPorts in {context.Paths.Settings}";
}
