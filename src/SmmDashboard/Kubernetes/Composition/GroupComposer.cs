using System.Security.Cryptography;
using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>Composes the configuration of one WorkloadGroup, and validates it by the agent's own rules before it is served.</summary>
internal sealed class GroupComposer
{
    // A hostile object may have thousands of faults, and each becomes a log line and an Event.
    private const int MaximumFaults = 20;

    private readonly MeshOptions _options;
    private readonly RevisionResolver _resolver;
    private readonly ILookup<(string Namespace, string Name), ConfigMap> _rootCertificates;

    public GroupComposer(ClusterObjects objects, MeshOptions options, RevisionResolver resolver)
    {
        (_options, _resolver) = (options, resolver);
        _rootCertificates = objects.ConfigMaps.Where(map => map.Data.RootCertificate is not null)
            .ToLookup(map => (map.Metadata.Namespace, map.Metadata.Name));
    }

    public ComposedGroup Compose(WorkloadGroupObject group, ComposedGroup? before)
    {
        var composed = ComposeAll(group, before);
        if (composed.Faults.Count <= MaximumFaults)
            return composed;

        var rest = composed.Faults.Skip(MaximumFaults).ToList();
        return composed with
        {
            Faults =
            [
                .. composed.Faults.Take(MaximumFaults),
                new(ObjectReference.From(group), FaultReasons.MeshConfigInvalid, $"has {rest.Count} more faults: correct those above first",
                    rest.Any(fault => fault.Blocks)),
            ],
        };
    }

    private ComposedGroup ComposeAll(WorkloadGroupObject group, ComposedGroup? before)
    {
        var id = new GroupId(group.Metadata.Namespace, group.Metadata.Name);
        var account = group.Spec.Template.ServiceAccount is { Length: > 0 } named ? named : IstioNames.Default;
        var (plane, unresolved) = _resolver.Resolve(group);
        var kept = new ComposedGroup(id, before?.Served, account, plane, [], before?.Digest ?? "");
        if (plane is null)
            return kept with { Faults = [unresolved!] };

        var faults = GroupRules.Evaluate(group, plane, _resolver.Namespace(id.Namespace)).ToList();
        if (faults.Concat(plane.Faults).Any(fault => fault.Blocks))
            return kept with { Faults = [.. faults, .. plane.Faults] };

        if (RootCertificate(group.Metadata.Namespace, plane) is not { } root)
        {
            faults.Add(new(new("ConfigMap", group.Metadata.Namespace, plane.RootCertificateName), FaultReasons.MeshConfigInvalid,
                $"was not found, and not in namespace {plane.Namespace} either. istiod writes the mesh's root certificate into every "
                    + "namespace that it sees: "
                + $"kubectl get configmaps -A --field-selector metadata.name={plane.RootCertificateName}", Blocks: true));
            return kept with { Faults = faults };
        }

        var document = GroupConfigWriter.Write(group, account, plane, root.Pem, _options);
        var digest = Convert.ToHexString(SHA256.HashData(document.Span));
        if (before?.Served is not null && before.Digest == digest)
            return kept with { Faults = faults };

        var read = MeshConfigReader.Read(document);
        if (read.Value is not { } config)
        {
            faults.AddRange(read.Errors.Select(error => DocumentFaults.From(error, group, plane, root.Source)));
            return kept with { Faults = faults };
        }

        if (before?.Served is { } served && HasLostAllAddresses(config, served.Config, plane) is { } lost)
            return kept with { Faults = [.. faults, lost] };

        var fresh = new ServedGroup(config);
        if (fresh.Body.Length > MeshConfig.MaximumBytes)
        {
            faults.Add(new(ObjectReference.From(group), FaultReasons.MeshConfigInvalid,
                $"its configuration has {fresh.Body.Length} bytes, and agents accept {MeshConfig.MaximumBytes}: make its labels and "
                    + "annotations smaller", Blocks: true));
            return kept with { Faults = faults };
        }

        return kept with { Served = fresh.ETag == before?.Served?.ETag ? before.Served : fresh, Faults = faults, Digest = digest };
    }

    private (ObjectReference Source, string Pem)? RootCertificate(string @namespace, ControlPlane plane)
    {
        foreach (var place in new[] { @namespace, plane.Namespace })
        {
            if (_rootCertificates[(place, plane.RootCertificateName)].FirstOrDefault() is { } map)
                return (new("ConfigMap", place, map.Metadata.Name), map.Data.RootCertificate!);
        }

        return plane.OtherRootCertificate;
    }

    /// <summary>VMs keep the last addresses of a gateway: a configuration without any would only disconnect them.</summary>
    private static ObjectFault? HasLostAllAddresses(MeshConfig now, MeshConfig before, ControlPlane plane)
    {
        if (now.NetworkModel() == NetworkModel.SameNetwork || HasAddress(now) || !HasAddress(before))
            return null;

        var gateway = plane.Gateways.FirstOrDefault(gateway => gateway.LeadsToIstiod);
        return new(gateway?.Source ?? plane.Istiod.Source, FaultReasons.GatewayWithoutAddress,
            "no gateway that leads to istiod has an address any more; VMs keep the last addresses. "
            + $"Check the gateway's Service: kubectl -n {plane.Namespace} get services", Blocks: true);

        static bool HasAddress(MeshConfig config) =>
            config.MeshExpansionGateways.Any(
                gateway => gateway.Addresses.Count > 0 && gateway.Ports.Any(port => port.Port == IstioNames.IstiodPort));
    }
}
