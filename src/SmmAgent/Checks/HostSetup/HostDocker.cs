using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Checks.HostSetup;

/// <summary>Checks the rules of Docker, which may send a port to a container before the firewall and the sidecar see it.</summary>
internal sealed class HostDocker() : Check("host-docker", CheckGroup.Host, "Docker")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var firewall = await context.Firewall;
        if (firewall.UnreadableLine is { } unreadable)
            return [unreadable];

        var observed = firewall.Report.Observed;
        if (observed.DockerChains() is not { Count: > 0 } chains)
            return [CheckLine.Pass("has no rules")];

        var published = observed.PublishedByDocker();
        var taken = firewall.Desired.Ports.Where(port => published.Contains(port.Port)).ToList();
        return taken.Count == 0
            ? [CheckLine.Warn(
                $"has rules ({string.Join(", ", chains)}): the traffic of its containers and its published ports bypasses the sidecar",
                "run containers that belong to the mesh with --network host")]
            : taken.Select(port => CheckLine.Fail(
                "Docker sends it to a container before the sidecar sees it",
                "run that container with --network host instead of publishing the port") with
            { Subject = $"{port.Port} ({port.Name})" })
                .ToArray();
    }
}
