using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace SmmAgent.Contract.Tests;

/// <summary>The example of the contract, with changes.</summary>
internal static class ExampleMeshConfig
{
    public static readonly string Text = ExampleWithACertificate();

    public static ReadResult<MeshConfig> Read(string path, string? value, params (string Path, string? Value)[] more)
    {
        var root = JsonNode.Parse(Text)!;
        foreach (var (at, other) in more.Append((path, value)))
        {
            var steps = at.Split('.');
            var parent = steps[..^1].Aggregate(root, (node, step) => int.TryParse(step, out var i) ? node[i]! : node[step]!);
            if (other is null)
                parent.AsObject().Remove(steps[^1]);
            else
                parent[steps[^1]] = JsonNode.Parse(other);
        }

        return MeshConfigReader.Read(Encoding.UTF8.GetBytes(root.ToJsonString()));
    }

    private static string ExampleWithACertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=root", key, HashAlgorithmName.SHA256);
        using var root = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return """
            {
              "apiVersion": "smm/v1",
              "mesh": {
                "meshId": "mesh1", "trustDomain": "cluster.local", "clusterId": "demo-cluster", "network": "network1",
                "networks": ["network1"], "status": "Available", "istioVersion": "1.15.3", "istioRevision": "cp-v115x",
                "istioNamespace": "istio-system", "rootCertificate": ROOT,
                "defaultConfig": { "discoveryAddress": "istiod-cp-v115x.istio-system.svc:15012", "proxyMetadata": {} }
              },
              "workloadGroup": {
                "namespace": "vm-integration", "name": "analytics-v0", "annotations": {},
                "metadataLabels": { "app": "analytics", "version": "v0" }, "templateLabels": {}, "metadataAnnotations": {},
                "serviceAccount": "default", "network": "vm-network-1", "ports": { "http": 8080, "grpc": 8082 },
                "probe": { "httpGet": { "path": "/", "host": "127.0.0.1", "port": 8080, "scheme": "HTTP" } }
              },
              "meshExpansionGateways": [
                { "name": "istio-meshexpansion-cp-v115x", "addresses": ["13.48.73.61", "gw.example.com"],
                  "ports": [ { "name": "tcp-status-port", "port": 15021 }, { "name": "tls-istiod", "port": 15012 } ] }
              ],
              "directEndpoints": [ { "name": "istiod", "address": "10.244.1.5", "port": 15012 } ],
              "clusterSources": [],
              "packages": [
                { "name": "istio-sidecar", "version": "1.15.3", "format": "deb", "architecture": "amd64",
                  "path": "/packages/istio-sidecar_1.15.3_amd64.deb",
                  "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "size": 12345 }
              ]
            }
            """.Replace("ROOT", JsonValue.Create(root.ExportCertificatePem()).ToJsonString(), StringComparison.Ordinal);
    }
}
