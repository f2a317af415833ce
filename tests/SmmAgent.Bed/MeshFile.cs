using System.Security.Cryptography;
using System.Text;

namespace SmmAgent.Bed;

/// <summary>The mesh description that the bed's dashboard serves. <see cref="Write"/> replaces the file, and the dashboard follows.</summary>
public sealed class MeshFile(string path, string rootCertificate)
{
    /// <summary>The WorkloadGroup's bearer token.</summary>
    public string Token { get; set; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    /// <summary>The control plane's status.</summary>
    public string Status { get; set; } = "Available";

    /// <summary>Where the dashboard is exposed.</summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>Gateways: a name and its addresses.</summary>
    public IReadOnlyList<(string Name, string[] Addresses)> Gateways { get; set; } = [];

    public IReadOnlyList<(string Name, int Port)> Ports { get; set; } = [("http", 8080), ("grpc", 8082)];

    /// <summary>Annotations of the WorkloadGroup's metadata.</summary>
    public IReadOnlyList<(string Name, string Value)> Annotations { get; set; } = [];

    public IReadOnlyList<string> ClusterSources { get; set; } = [];

    public IReadOnlyList<(string Name, string Address, int Port)> DirectEndpoints { get; set; } = [];

    /// <summary>The WorkloadGroup's network; <c>network1</c> is the control plane's.</summary>
    public string Network { get; set; } = "vm-network-1";

    public void Write()
    {
        var temporary = path + ".new";
        File.WriteAllText(temporary, Render());
        File.Move(temporary, path, overwrite: true);
    }

    private string Render()
    {
        var yaml = new StringBuilder();
        yaml.Append($"""
            publicUrl: {PublicUrl}
            mesh:
              meshId: mesh1
              trustDomain: cluster.local
              clusterId: demo-cluster
              network: network1
              networks: [network1]
              status: {Status}
              istioVersion: 1.15.3
              istioRevision: cp-v115x
              istioNamespace: istio-system
              rootCertificate: |
            {Indented(rootCertificate, "    ")}
              defaultConfig:
                discoveryAddress: istiod-cp-v115x.istio-system.svc:15012
                proxyMetadata: {Braces("")}
            meshExpansionGateways:{(Gateways.Count == 0 ? " []" : "")}

            """);
        foreach (var (name, addresses) in Gateways)
        {
            yaml.Append($"""
                - name: {name}
                  addresses: [{string.Join(", ", addresses.Select(address => $"'{address}'"))}]
                  ports:
                    - {Braces("name: tcp-status-port, port: 15021")}
                    - {Braces("name: tls-istiod, port: 15012")}
                    - {Braces("name: tls-istiodwebhook, port: 15017")}
                    - {Braces("name: tls, port: 15443")}
                    - {Braces("name: tcp-als-tls, port: 50600")}
                    - {Braces("name: tcp-zipkin-tls, port: 59411")}

                """);
        }

        yaml.Append($"""
            groups:
              - workloadGroup:
                  namespace: vm-integration
                  name: analytics-v0
                  metadataLabels: {Braces("app: analytics, version: v0")}
                  metadataAnnotations: {Braces(string.Join(", ", Annotations.Select(note => $"{note.Name}: '{note.Value}'")))}
                  serviceAccount: default
                  network: {Network}
                  ports: {Braces(string.Join(", ", Ports.Select(port => $"{port.Name}: {port.Port}")))}
                tokenSha256s: [{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token)))}]
                clusterSources: [{string.Join(", ", ClusterSources.Select(source => $"'{source}'"))}]
                directEndpoints: [{string.Join(", ", DirectEndpoints.Select(e => Braces($"name: {e.Name}, address: '{e.Address}', port: {e.Port}")))}]

            """);
        return yaml.ToString();
    }

    private static string Braces(string members) => "{" + members + "}";

    private static string Indented(string text, string indent) =>
        string.Join('\n', text.TrimEnd().Split('\n').Select(line => indent + line.TrimEnd()));
}
