using SmmAgent.Checks.Observations;
using SmmAgent.Contract;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Checks.NameResolution;

/// <summary>
/// Checks whether names of other Kubernetes namespaces than the WorkloadGroup's resolve through the sidecar, and whether the names that the
/// agent uses resolve.
/// </summary>
/// <remarks>Some meshes give a VM only the names of its own namespace, others all names, so the sidecar is queried.</remarks>
internal sealed class NamesNamespace() : Check("names-namespace", CheckGroup.NameResolution, "Namespace")
{
    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel) =>
        context.WithMeshAsync(mesh => LinesAsync(context, mesh.Config, cancel));

    private static async Task<IReadOnlyList<CheckLine>> LinesAsync(CheckContext context, MeshConfig? config, CancellationToken cancel)
    {
        var settings = context.Settings.Settings;
        if ((settings.Namespace ?? config?.WorkloadGroup.Namespace ?? context.Daemon.Status?.WorkloadGroup?.Namespace) is not { } own)
            return [CheckLine.Skipped(context.Settings.UnreadableReason ?? "no WorkloadGroup is set")];

        var names = new NameLookup(context.Time, timeout: SidecarDns.DefaultTimeout);
        var used = Used(settings).Concat(config?.DirectEndpoints.Select(endpoint => endpoint.Address) ?? [])
            .Where(host => ForeignName.NamespaceOf(host) is not null).Distinct()
            .Select(async host => (Host: host, Found: await names.LookUpAsync(host, cancel)))
            .ToList();
        var other = OtherNamespacesAsync(ForeignName.From(config?.Mesh, own), own, context, cancel);

        return
        [
            await other,
            .. (await Task.WhenAll(used)).Where(one => one.Found.Outcome != Outcome.Ok).Select(one => CheckLine.Warn(
                $"{one.Found.Detail}. It is a name of the cluster, and the agent's own connections do not use the sidecar's DNS",
                "use a name or address that is exposed outside the cluster") with { Subject = one.Host }),
        ];
    }

    private static async Task<CheckLine> OtherNamespacesAsync(
        ForeignName? foreign, string own, CheckContext context, CancellationToken cancel)
    {
        var others = $"names of other Kubernetes namespaces than {own} resolve";
        if (foreign is null)
            return CheckLine.Skipped($"whether {others} depends on the mesh: no service of another namespace is known for a query");

        var (resolution, detail) = await new SidecarDns(context.Time).AskAsync(foreign.Name, cancel);
        return resolution switch
        {
            SidecarResolution.Resolves => CheckLine.Pass($"{others} in this mesh: the sidecar resolves {foreign.Name}"),
            SidecarResolution.DoesNotResolve => CheckLine.Pass(
                $"only names of the Kubernetes namespace {own} resolve in this mesh: the sidecar does not resolve {foreign.Name} ({detail})"
                + (foreign.IsDomainAssumed ? $". This assumes that the cluster's domain is {ForeignName.DefaultDomain}" : "")),
            SidecarResolution.NothingListens when context.Listeners.On(SidecarReadiness.CapturePort).Count > 0
                => CheckLine.Skipped($"whether {others} depends on the mesh: the sidecar does not capture DNS"),
            SidecarResolution.NothingListens => CheckLine.Skipped($"whether {others} depends on the mesh: no sidecar runs"),
            _ => CheckLine.Skipped($"whether {others} depends on the mesh: the sidecar was asked for {foreign.Name}, and {detail}"),
        };
    }

    private static IEnumerable<string> Used(AgentSettings settings) =>
        settings.AddressProviders.Select(provider => provider.Url).Append(settings.DashboardUrl).OfType<Uri>().Select(url => url.Host);
}
