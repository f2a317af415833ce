using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Objects;
using WorkloadGroupObject = SmmDashboard.Kubernetes.Objects.WorkloadGroupObject;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>Composes the configuration of one WorkloadGroup, and holds it against the agent's own rules before it is served.</summary>
internal sealed class GroupComposer
{
    // A hostile object has thousands, and each becomes a log line and an Event.
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
                new(Reference(group), FaultReasons.MeshConfigInvalid, $"has {rest.Count} more faults: correct those above first",
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

        var faults = GroupMembers(group, plane).ToList();
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

        var document = Document(group, account, plane, root.Pem);
        var digest = Convert.ToHexString(SHA256.HashData(document.Span));
        if (before?.Served is not null && before.Digest == digest)
            return kept with { Faults = faults };

        var read = MeshConfigReader.Read(document);
        if (read.Value is not { } config)
            return kept with { Faults = [.. faults, .. read.Errors.Select(fault => OfObject(fault, group, plane, root.Source))] };
        if (before?.Served is { } served && HasLostAllAddresses(config, served.Config, plane) is { } lost)
            return kept with { Faults = [.. faults, lost] };

        var fresh = new ServedGroup(config);
        if (fresh.Body.Length > MeshConfig.MaximumBytes)
        {
            faults.Add(new(Reference(group), FaultReasons.MeshConfigInvalid,
                $"its configuration has {fresh.Body.Length} bytes, and agents accept {MeshConfig.MaximumBytes}: make its labels and "
                    + "annotations smaller", Blocks: true));
            return kept with { Faults = faults };
        }

        return kept with { Served = fresh.ETag == before?.Served?.ETag ? before.Served : fresh, Faults = faults, Digest = digest };
    }

    private static ObjectReference Reference(WorkloadGroupObject group) => new("WorkloadGroup", group.Metadata.Namespace, group.Metadata.Name);

    private IEnumerable<ObjectFault> GroupMembers(WorkloadGroupObject group, ControlPlane plane)
    {
        var reference = Reference(group);
        var own = group.Metadata.Label(IstioNames.Revision);
        if (own.Length > 0 && own != plane.RevisionLabel)
        {
            yield return new(reference, FaultReasons.NotSeenByIstiod,
                $"its label istio.io/rev is '{NameRules.Shown(own)}', but istiod sees only objects without it, or with its own revision "
                    + $"'{plane.RevisionLabel}': "
                + $"kubectl -n {reference.Namespace} label workloadgroup {reference.Name} istio.io/rev-", Blocks: false);
        }

        foreach (var (where, labels) in new[] { ("metadata", group.Spec.Metadata.Labels), ("template", group.Spec.Template.Labels) })
        {
            if (labels.TryGetValue(IstioNames.Revision, out var entries) && entries != plane.RevisionLabel)
            {
                yield return new(reference, FaultReasons.NotSeenByIstiod,
                    $"spec.{where}.labels has istio.io/rev '{NameRules.Shown(entries)}', so that istiod '{plane.RevisionLabel}' would not "
                        + "see the WorkloadEntries: "
                    + $"remove the label ({reference.Edit()})", Blocks: false);
            }

            foreach (var reason in labels.Select(label => LabelRules.Fault(label.Key, label.Value)).OfType<string>()
                .Order(StringComparer.Ordinal))
                yield return Invalid(reference, $"spec.{where}.labels {reason}");
        }

        if (_resolver.Namespace(group.Metadata.Namespace) is { } @namespace && !plane.Discovers(@namespace.Metadata.Labels))
        {
            yield return new(reference, FaultReasons.NotSeenByIstiod,
                $"its namespace {reference.Namespace} is not among those of meshConfig.discoverySelectors, so istiod does not see it: "
                    + $"label the namespace as one of them ({plane.Source.Get()})",
                Blocks: false);
        }

        foreach (var (path, annotations) in new[] { ("metadata.annotations", group.Metadata.Annotations),
            ("spec.metadata.annotations", group.Spec.Metadata.Annotations) })
        {
            if (annotations.TryGetValue(IstioNames.ProxyConfig, out var text) && ProxyConfigRules.Fault(text) is { } reason)
                yield return Invalid(reference, $"{path}['{IstioNames.ProxyConfig}']: {reason}");
        }

        if (!IsOfNetwork(group.Spec.Template.Network, plane) && !plane.Gateways.Any(gateway => gateway.LeadsToIstiod))
        {
            yield return new(reference, FaultReasons.GatewayNotFound,
                $"its network '{NameRules.Shown(group.Spec.Template.Network)}' is not the control plane's "
                    + $"('{NameRules.Shown(plane.Network)}'), and no gateway with port "
                + $"{IstioNames.IstiodPort} was found in namespace {plane.Namespace}: expose istiod through an east-west gateway, or name "
                + "its Service with --gateway", Blocks: false);
        }
    }

    private static ObjectFault Invalid(ObjectReference source, string message) =>
        new(source, FaultReasons.MeshConfigInvalid, $"{message}. Correct it: {source.Edit()}", Blocks: true);

    private static bool IsOfNetwork(string network, ControlPlane plane) => network == plane.Network || plane.Networks.Contains(network);

    private (ObjectReference Source, string Pem)? RootCertificate(string @namespace, ControlPlane plane)
    {
        foreach (var place in new[] { @namespace, plane.Namespace })
        {
            if (_rootCertificates[(place, plane.RootCertificateName)].FirstOrDefault() is { } map)
                return (new("ConfigMap", place, map.Metadata.Name), map.Data.RootCertificate!);
        }

        return plane.OtherRootCertificate;
    }

    private ReadOnlyMemory<byte> Document(WorkloadGroupObject group, string account, ControlPlane plane, string rootCertificate)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("apiVersion", MeshConfig.CurrentApiVersion);
            WriteMesh(writer, plane, rootCertificate);
            WriteGroup(writer, group, account, plane);
            WriteGateways(writer, plane);
            if (IsOfNetwork(group.Spec.Template.Network, plane))
                WriteDirectEndpoints(writer, plane);
            WriteList(writer, "clusterSources", _options.ClusterSources);
            writer.WritePropertyName("packages");
            JsonSerializer.Serialize(writer, _options.Packages, ContractJson.Default.IReadOnlyListPackage);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void WriteMesh(Utf8JsonWriter writer, ControlPlane plane, string rootCertificate)
    {
        writer.WriteStartObject("mesh");
        writer.WriteString("meshId", plane.MeshId);
        writer.WriteString("trustDomain", plane.TrustDomain);
        writer.WriteString("clusterId", plane.ClusterId);
        writer.WriteString("network", plane.Network);
        WriteList(writer, "networks", plane.Networks);
        if (plane.Status is { } status)
            writer.WriteString("status", status);
        writer.WriteString("istioVersion", plane.Version);
        writer.WriteString("istioRevision", plane.Revision);
        writer.WriteString("istioRevisionLabel", plane.RevisionLabel);
        writer.WriteString("istioNamespace", plane.Namespace);
        writer.WriteString("rootCertificate", rootCertificate);
        writer.WritePropertyName("defaultConfig");
        writer.WriteSorted(plane.DefaultConfig);
        writer.WriteEndObject();
    }

    private static void WriteGroup(Utf8JsonWriter writer, WorkloadGroupObject group, string account, ControlPlane plane)
    {
        var (metadata, template) = (group.Spec.Metadata, group.Spec.Template);
        writer.WriteStartObject("workloadGroup");
        writer.WriteString("namespace", group.Metadata.Namespace);
        writer.WriteString("name", group.Metadata.Name);
        // Other annotations mean nothing to a VM, and change often.
        WriteMap(writer, "annotations", group.Metadata.Annotations.Where(pair => pair.Key == IstioNames.ProxyConfig));
        WriteMap(writer, "metadataLabels", EntryLabels(metadata.Labels, template.Labels, plane));
        WriteMap(writer, "templateLabels", template.Labels);
        WriteMap(writer, "metadataAnnotations", metadata.Annotations);
        writer.WriteString("serviceAccount", account);
        writer.WriteString("network", template.Network);
        writer.WriteStartObject("ports");
        foreach (var (name, port) in template.Ports.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            writer.WriteNumber(name, port);
        writer.WriteEndObject();
        if (group.Spec.Probe is { ValueKind: not JsonValueKind.Null } probe)
        {
            writer.WritePropertyName("probe");
            writer.WriteSorted(probe);
        }

        writer.WriteEndObject();
    }

    // An agent that does not know istioRevisionLabel labels its WorkloadEntry with istioRevision. Where istiod would not see that, the
    // group has the right label.
    private static IEnumerable<KeyValuePair<string, string>> EntryLabels(
        IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string> ofTemplate, ControlPlane plane) =>
        plane.RevisionLabel == plane.Revision || labels.ContainsKey(IstioNames.Revision) || ofTemplate.ContainsKey(IstioNames.Revision)
            ? labels
            : labels.Append(new(IstioNames.Revision, plane.RevisionLabel));

    private static void WriteGateways(Utf8JsonWriter writer, ControlPlane plane)
    {
        writer.WriteStartArray("meshExpansionGateways");
        foreach (var (_, gateway) in plane.Gateways)
        {
            writer.WriteStartObject();
            writer.WriteString("name", gateway.Name);
            WriteList(writer, "addresses", gateway.Addresses);
            writer.WriteStartArray("ports");
            foreach (var port in gateway.Ports)
            {
                writer.WriteStartObject();
                writer.WriteString("name", port.Name);
                writer.WriteNumber("port", port.Port);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteDirectEndpoints(Utf8JsonWriter writer, ControlPlane plane)
    {
        writer.WriteStartArray("directEndpoints");
        foreach (var endpoint in plane.Istiod.Endpoints)
        {
            writer.WriteStartObject();
            writer.WriteString("name", endpoint.Name);
            writer.WriteString("address", endpoint.Address);
            writer.WriteNumber("port", endpoint.Port);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteMap(Utf8JsonWriter writer, string name, IEnumerable<KeyValuePair<string, string>> pairs)
    {
        writer.WriteStartObject(name);
        foreach (var (key, value) in pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            writer.WriteString(key, value);
        writer.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    /// <summary>A VM that knows an address of a gateway keeps it: the new configuration would only cut it off.</summary>
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

    /// <summary>The object from which a member of the document was created.</summary>
    private static ObjectFault OfObject(InputError fault, WorkloadGroupObject group, ControlPlane plane, ObjectReference rootCertificate)
    {
        var path = fault.Path;
        // without an index: its ports are too many
        if (path.StartsWith("workloadGroup", StringComparison.Ordinal) || path is "" or "clusterSources")
            return Invalid(Reference(group), $"{PathInGroup(path)}{fault.Reason}");
        if (path == "mesh.rootCertificate")
            return Invalid(rootCertificate, $"the mesh's root certificate {fault.Reason}");
        if (path.StartsWith("directEndpoints", StringComparison.Ordinal))
            return Invalid(plane.Istiod.Source, fault.ToString());
        if (path.StartsWith("meshExpansionGateways", StringComparison.Ordinal))
            return Invalid(GatewayOf(path, plane)?.Source ?? plane.Source, $"as a gateway: {fault}");
        if (path.StartsWith("mesh", StringComparison.Ordinal))
            return Invalid(plane.Source, fault.ToString());
        return new(plane.Source, FaultReasons.MeshConfigInvalid, $"{fault}. It is an option of smm-dashboard: correct it and restart",
            Blocks: true);
    }

    // meshExpansionGateways[2].ports[0].name; without an index all together are too many, and the one with the most is named.
    private static FoundGateway? GatewayOf(string path, ControlPlane plane)
    {
        var (open, close) = (path.IndexOf('[', StringComparison.Ordinal), path.IndexOf(']', StringComparison.Ordinal));
        return open > 0 && close > open && int.TryParse(path.AsSpan(open + 1, close - open - 1), out var index)
            && index < plane.Gateways.Count
            ? plane.Gateways[index]
            : plane.Gateways.MaxBy(gateway => gateway.Gateway.Addresses.Count * gateway.Gateway.Ports.Count);
    }

    private static string PathInGroup(string path)
    {
        (string Document, string Object)[] places =
        [
            ("workloadGroup.annotations", "metadata.annotations"), ("workloadGroup.metadataLabels", "spec.metadata.labels"),
            ("workloadGroup.templateLabels", "spec.template.labels"), ("workloadGroup.metadataAnnotations", "spec.metadata.annotations"),
            ("workloadGroup.probe", "spec.probe"), ("workloadGroup.namespace", "metadata.namespace"),
                ("workloadGroup.name", "metadata.name"),
            ("workloadGroup", "spec.template"),
        ];
        foreach (var (document, inObject) in places)
        {
            if (path.StartsWith(document, StringComparison.Ordinal))
                return $"{inObject}{path[document.Length..]}: ";
        }

        return "";
    }
}
