using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>
/// Reads the control planes of the cluster: one for each ConfigMap with the label istio.io/rev and the key mesh in the namespaces of Istio.
/// </summary>
internal sealed partial class ControlPlaneReader(ClusterObjects objects, MeshOptions options)
{
    private const string DefaultClusterId = "Kubernetes";
    private const string DefaultTrustDomain = "cluster.local";
    private const string DefaultOperatorNetwork = "network1";

    /// <summary>Read and in order of their labels; of two with the same label the first namespace of the options counts.</summary>
    public IReadOnlyList<ControlPlane> Read(List<ObjectFault> faults)
    {
        var planes = new SortedDictionary<string, ControlPlane>(StringComparer.Ordinal);
        foreach (var @namespace in options.IstioNamespaces.Distinct())
        {
            var configMaps = objects.ConfigMaps
                .Where(map => map.Metadata.Namespace == @namespace && map.Data.Mesh is not null
                    && map.Metadata.Label(IstioNames.Revision).Length > 0)
                .OrderBy(map => map.Metadata.Name, StringComparer.Ordinal);
            foreach (var configMap in configMaps)
            {
                var label = configMap.Metadata.Label(IstioNames.Revision);
                if (planes.TryGetValue(label, out var first))
                {
                    faults.Add(new(Reference(configMap), FaultReasons.RevisionAmbiguous,
                        $"has revision '{NameRules.Shown(label)}' as {first.Source} has, which counts: give one of them another revision, "
                        + "or start smm-dashboard with one --istio-namespace", Blocks: false));
                }
                else
                {
                    planes.Add(label, Read(configMap, label));
                }
            }
        }

        return [.. planes.Values];
    }

    private static ObjectReference Reference(ConfigMap map) => new("ConfigMap", map.Metadata.Namespace, map.Metadata.Name);

    private ControlPlane Read(ConfigMap configMap, string label)
    {
        var (source, @namespace, faults) = (Reference(configMap), configMap.Metadata.Namespace, new List<ObjectFault>());

        // The SMM operator's label is REVISION.NAMESPACE; a revision of plain Istio has no dot.
        var isOfOperator = label.EndsWith("." + @namespace, StringComparison.Ordinal);
        var revision = isOfOperator ? label[..^(@namespace.Length + 1)] : label;
        var operated = isOfOperator ? Operated(@namespace, revision) : null;
        var suffix = revision == IstioNames.Default ? "" : "-" + revision;
        var deployment = OfIstiod(objects.Deployments, @namespace, label, "istiod" + suffix);
        var service = OfIstiod(objects.Services, @namespace, label, "istiod" + suffix);
        var serviceName = service?.Metadata.Name ?? "istiod" + suffix;

        var mesh = Parsed(configMap.Data.Mesh!, source, "mesh", faults);
        var values = Values(@namespace, label, faults);
        var clusterId = ClusterId(operated, deployment, values);
        var network = operated is null
            ? Network(@namespace, configMap, clusterId, values, source, faults)
            : operated.Spec.NetworkName is { Length: > 0 } name ? name : DefaultOperatorNetwork;
        var defaultConfig = DefaultConfig(mesh, $"istiod{suffix}.{@namespace}.svc:{IstioNames.IstiodPort}");
        CheckSuitable(operated, faults);

        return new()
        {
            Source = source,
            Namespace = @namespace,
            Label = label,
            Revision = revision,
            RevisionLabel = Variable(deployment, "REVISION") is { Length: > 0 } own ? own : label,
            MeshId = First(defaultConfig.Text("meshId"), operated?.Spec.MeshId, values.Text("global", "meshID")),
            TrustDomain = First(mesh.Text("trustDomain"), DefaultTrustDomain),
            ClusterId = clusterId,
            Network = network,
            Networks = Networks(operated, network),
            Status = operated is not null ? First(operated.Status.Status, null) is { Length: > 0 } status ? status : null
                : Status(deployment),
            Version = Version(operated, deployment, configMap, source, faults),
            DefaultConfig = defaultConfig,
            RootCertificateName = RootCertificateName(isOfOperator, revision, operated, deployment, configMap),
            OtherRootCertificate = OtherRootCertificate(operated),
            Istiod = (new("Service", @namespace, serviceName), Endpoints(operated, @namespace, serviceName)),
            IsReady = IsReady(@namespace, serviceName),
            Gateways = new GatewayFinder(objects, options).Find(@namespace, label, operated, faults),
            TokenAudience = First(operated?.Spec.Sds.TokenAudience, values.Text("global", "sds", "token", "aud"),
                DashboardApi.SidecarAudience),
            RegistersAutomatically = Variable(
                deployment, "PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION") is not ("false" or "False" or "FALSE" or "f" or "F" or "0"),
            DiscoverySelectors = [.. mesh.Member("discoverySelectors").Items().Select(selector => new LabelSelector(selector))],
            Faults = faults,
        };
    }

    private static string First(params ReadOnlySpan<string?> values)
    {
        foreach (var value in values)
        {
            if (value is { Length: > 0 })
                return value;
        }

        return "";
    }

    private IstioControlPlane? Operated(string @namespace, string revision) => objects.IstioControlPlanes
        .Where(plane => plane.Metadata.Namespace == @namespace && plane.Metadata.Name.Replace('.', '-') == revision)
        .MinBy(plane => plane.Metadata.Name, StringComparer.Ordinal);

    private static T? OfIstiod<T>(IEnumerable<T> candidates, string @namespace, string label, string name)
        where T : KubernetesObject => candidates
            .Where(candidate => candidate.Metadata.Namespace == @namespace)
            .Where(candidate => candidate.Metadata.Name == name
                || (candidate.Metadata.Label("app") == "istiod" && candidate.Metadata.Label(IstioNames.Revision) == label
                    && !candidate.Metadata.Labels.ContainsKey(IstioNames.Tag)))
            .OrderByDescending(candidate => candidate.Metadata.Name == name)
            .ThenBy(candidate => candidate.Metadata.Name, StringComparer.Ordinal)
            .FirstOrDefault();

    private static string? Variable(Deployment? deployment, string name) => deployment?.Spec.Template.Spec.Containers
        .SelectMany(container => container.Env)
        .FirstOrDefault(variable => variable.Name == name)?.Value;

    private static JsonElement Parsed(string text, ObjectReference source, string key, List<ObjectFault> faults)
    {
        var (value, fault) = ConfigYaml.Object(text);
        if (value is null)
            faults.Add(new(source, FaultReasons.MeshConfigInvalid, $"its key {key} {At(fault)}: {source.Edit()}", Blocks: true));
        return value ?? default;

        static string At(string fault) => fault.StartsWith("line ", StringComparison.Ordinal) ? $"is wrong in {fault}" : fault;
    }

    /// <summary>The values of the injector; an undefined element when there are none.</summary>
    private JsonElement Values(string @namespace, string label, List<ObjectFault> faults)
    {
        var map = objects.ConfigMaps
            .Where(map => map.Metadata.Namespace == @namespace && map.Data.Values is not null
                && map.Metadata.Label(IstioNames.Revision) == label)
            .Where(map => map.Metadata.Name.StartsWith("istio-sidecar-injector", StringComparison.Ordinal))
            .MinBy(map => map.Metadata.Name, StringComparer.Ordinal);
        return map is null ? default : Parsed(map.Data.Values!, Reference(map), "values", faults);
    }

    private static string ClusterId(IstioControlPlane? operated, Deployment? deployment, JsonElement values) => First(
        operated?.Status.ClusterId,
        operated?.Spec.ClusterId,
        values.Text("global", "multiCluster", "clusterName"),
        Variable(deployment, "CLUSTER_ID"),
        DefaultClusterId);

    private string Network(string @namespace, ConfigMap map, string clusterId, JsonElement values, ObjectReference source,
        List<ObjectFault> faults)
    {
        var own = objects.Namespaces.FirstOrDefault(candidate => candidate.Metadata.Name == @namespace);
        if (own?.Metadata.Label(IstioNames.Network) is { Length: > 0 } label)
            return label;

        var networks = map.Data.MeshNetworks is { } text ? Parsed(text, source, "meshNetworks", faults) : default;
        var registered = networks.Member("networks").Properties()
            .Where(network => network.Value.Member("endpoints").Items().Any(endpoint => endpoint.Text("fromRegistry") == clusterId))
            .Select(network => network.Name)
            .Order(StringComparer.Ordinal)
            .FirstOrDefault();
        return First(registered, values.Text("global", "network"));
    }

    private IReadOnlyList<string> Networks(IstioControlPlane? operated, string network)
    {
        var ofPeers = operated is null ? [] : objects.PeerIstioControlPlanes
            .Where(peer => peer.Metadata.Namespace == operated.Metadata.Namespace)
            .Select(peer => peer.Spec.NetworkName);
        return [.. ofPeers.Append(network).Where(name => name.Length > 0).Distinct().Order(StringComparer.Ordinal)];
    }

    private static string? Status(Deployment? deployment) =>
        deployment?.Status.Conditions.FirstOrDefault(condition => condition.Type == "Available")?.Status switch
        {
            "True" => "Available",
            "False" => "Unavailable",
            _ => null,
        };

    private static string Version(
        IstioControlPlane? operated, Deployment? deployment, ConfigMap map, ObjectReference source, List<ObjectFault> faults)
    {
        var images = deployment?.Spec.Template.Spec.Containers.OrderByDescending(container => container.Name == "discovery")
            .Select(container => container.Image);
        var ofImage = images?.Select(image => ImageVersion().Match(image)).FirstOrDefault(match => match.Success)?.Groups[1].Value;
        var version = First(
            operated?.Spec.Version,
            deployment?.Metadata.Label(IstioNames.VersionLabel),
            map.Metadata.Label(IstioNames.VersionLabel),
            ofImage);
        if (version.Length == 0)
        {
            faults.Add(new(source, FaultReasons.MeshConfigInvalid,
                $"the version of its istiod is in no label {IstioNames.VersionLabel} and no image tag: "
                + $"kubectl -n {source.Namespace} label configmap {source.Name} {IstioNames.VersionLabel}=VERSION", Blocks: true));
        }

        return version;
    }

    // What an agent needs and a mesh may leave out; agents of version 0.1 also ask for proxyMetadata.
    private static JsonElement DefaultConfig(JsonElement mesh, string discoveryAddress)
    {
        var given = mesh.Member("defaultConfig");
        if (given is { ValueKind: not JsonValueKind.Object } other)
            return other; // refused with its place when a group is composed

        var members = new JsonObject { ["discoveryAddress"] = discoveryAddress, ["proxyMetadata"] = new JsonObject() };
        foreach (var member in given.Properties().Where(member => member.Value.ValueKind != JsonValueKind.Null))
            members[JsonMembers.CamelCase(member.Name)] = JsonNode.Parse(member.Value.GetRawText());

        using var document = JsonDocument.Parse(members.ToJsonString());
        return document.RootElement.Clone();
    }

    private static string RootCertificateName(
        bool isOfOperator, string revision, IstioControlPlane? operated, Deployment? deployment, ConfigMap map)
    {
        // The operator's own distribution has a name for each revision; the names of the other ConfigMaps also show it.
        var isCisco = operated?.Spec.Distribution is { Length: > 0 } distribution ? distribution == "cisco"
            : map.Metadata.Name == $"istio-{revision}";
        return First(
            Variable(deployment, "CACERT_CONFIG_NAME"),
            Variable(deployment, "PILOT_CA_CERT_CONFIGMAP"),
            isOfOperator && isCisco ? $"{IstioNames.RootCertificate}-{revision}" : IstioNames.RootCertificate);
    }

    private (ObjectReference Source, string Pem)? OtherRootCertificate(IstioControlPlane? operated)
    {
        if (operated?.Status.CaRootCertificate is { Length: > 0 } pem)
            return (Reference(operated), pem);

        var bundle = objects.ClusterTrustBundles.FirstOrDefault(bundle => bundle.Metadata.Name == IstioNames.TrustBundle);
        return bundle is null ? null : (new("ClusterTrustBundle", "", bundle.Metadata.Name), bundle.Spec.TrustBundle);
    }

    private IReadOnlyList<DirectEndpoint> Endpoints(IstioControlPlane? operated, string @namespace, string service)
    {
        var addresses = operated?.Status.IstiodAddresses is { Count: > 0 } known
            ? known.Select(address => (Address: address, Port: IstioNames.IstiodPort))
            : Slices(@namespace, service)
                .SelectMany(slice => slice.Ports.Where(port => port.Name == "https-dns" || port.Port == IstioNames.IstiodPort).Take(1)
                    .SelectMany(port => slice.Endpoints.Where(endpoint => endpoint.Conditions.Ready is not false)
                        .SelectMany(endpoint => endpoint.Addresses)
                        .Select(address => (Address: address, Port: port.Port ?? 0))));
        return
        [
            .. addresses.Distinct()
                .OrderBy(endpoint => endpoint.Address, StringComparer.Ordinal)
                .ThenBy(endpoint => endpoint.Port)
                .Select(endpoint => new DirectEndpoint("istiod", endpoint.Address, endpoint.Port)),
        ];
    }

    // A Service without any pod has a slice without endpoints; no slice at all means that they cannot be read.
    private bool? IsReady(string @namespace, string service)
    {
        var slices = Slices(@namespace, service).ToList();
        return slices.Count == 0 ? null
            : slices.SelectMany(slice => slice.Endpoints).Any(endpoint => endpoint.Conditions.Ready is not false);
    }

    private IEnumerable<EndpointSlice> Slices(string @namespace, string service) =>
        objects.EndpointSlices.Where(
            slice => slice.Metadata.Namespace == @namespace && slice.Metadata.Label(EndpointSlice.ServiceName) == service);

    private static ObjectReference Reference(IstioControlPlane operated) =>
        new("IstioControlPlane", operated.Metadata.Namespace, operated.Metadata.Name);

    private static void CheckSuitable(IstioControlPlane? operated, List<ObjectFault> faults)
    {
        if (operated?.Spec.Mode == "PASSIVE")
        {
            faults.Add(new(Reference(operated), FaultReasons.ControlPlaneUnsuitable,
                "its mode is PASSIVE: its istiod is in another cluster. Create the WorkloadGroup there, and attach VMs by the "
                    + "smm-dashboard of that cluster", Blocks: true));
        }
    }

    [GeneratedRegex(@":v?([0-9]+\.[0-9]+(\.[0-9]+)?[-0-9A-Za-z.]*)(@sha256:[0-9a-f]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex ImageVersion();
}
