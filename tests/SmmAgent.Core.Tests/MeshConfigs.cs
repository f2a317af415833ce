using System.Text.Json;
using SmmAgent.Contract;

namespace SmmAgent.Core.Tests;

internal static class MeshConfigs
{
    public static readonly GatewayPort[] AllPorts =
    [
        new("tcp-status-port", 15021), new("tls-istiod", 15012), new("tls-istiodwebhook", 15017), new("tls", 15443),
        new("tcp-als-tls", 50600), new("tcp-zipkin-tls", 59411),
    ];

    public static MeshConfig Of(string groupNetwork, params string[] gatewayAddresses) => new()
    {
        ApiVersion = "smm/v1",
        Mesh = new Contract.Mesh
        {
            MeshId = "mesh1",
            TrustDomain = "cluster.local",
            ClusterId = "demo-cluster",
            Network = "network1",
            IstioVersion = "1.15.3",
            IstioRevision = "cp-v115x",
            IstioNamespace = "istio-system",
            RootCertificate = "",
            DefaultConfig = JsonDocument.Parse(
                """{"discoveryAddress":"istiod-cp-v115x.istio-system.svc:15012","proxyMetadata":{}}""").RootElement,
        },
        WorkloadGroup = new WorkloadGroup
        {
            Namespace = "vm-integration",
            Name = "analytics-v0",
            ServiceAccount = "default",
            Network = groupNetwork,
            Ports = new Dictionary<string, int>(),
        },
        MeshExpansionGateways = gatewayAddresses.Length == 0
            ? []
            : [new MeshExpansionGateway { Name = "gw", Addresses = gatewayAddresses, Ports = AllPorts }],
    };
}
