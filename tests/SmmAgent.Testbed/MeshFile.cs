using System.Security.Cryptography;
using System.Text;

namespace SmmAgent.Testbed;

/// <summary>
/// The mesh description that the testbed's dashboard serves. <see cref="Write"/> replaces the file, and the dashboard follows.
/// </summary>
public sealed class MeshFile(string path, string rootCertificate)
{
    /// <summary>The control plane's revision, and one that the namespace may move to: the gateways answer to both.</summary>
    public const string UsualRevision = "cp-v115x";

    public const string NextRevision = "cp-v116x";

    public string FilePath => path;

    /// <summary>The WorkloadGroup's bearer token.</summary>
    public string Token { get; set; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    /// <summary>The control plane's status.</summary>
    public string Status { get; set; } = "Available";

    public string IstioVersion { get; set; } = "1.15.3";

    /// <summary>The control plane's revision; its address follows.</summary>
    public string Revision { get; set; } = UsualRevision;

    /// <summary>
    /// The label of the entries that the control plane sees: its REVISION, which has its namespace in it as the Istio operator has it.
    /// </summary>
    public string? RevisionLabel { get; set; }

    /// <summary>The mesh's roots in PEM.</summary>
    public string RootCertificate { get; set; } = rootCertificate;

    /// <summary>Where the dashboard is exposed.</summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>Gateways: a name and its addresses.</summary>
    public IReadOnlyList<(string Name, string[] Addresses)> Gateways { get; set; } = [];

    public IReadOnlyList<(string Name, int Port)> Ports { get; set; } = [("http", 8080), ("grpc", 8082)];

    /// <summary>Annotations of the WorkloadGroup's metadata.</summary>
    public IReadOnlyList<(string Name, string Value)> Annotations { get; set; } = [];

    /// <summary>Annotations of the WorkloadGroup itself.</summary>
    public IReadOnlyList<(string Name, string Value)> GroupAnnotations { get; set; } = [];

    /// <summary>Labels of the WorkloadGroup's metadata.</summary>
    public IReadOnlyList<(string Name, string Value)> Labels { get; set; } = [("app", "analytics"), ("version", "v0")];

    public string ServiceAccount { get; set; } = "default";

    /// <summary>A probe as YAML or JSON in one line; null for none.</summary>
    public string? Probe { get; set; }

    /// <summary>The packages that the VMs of the WorkloadGroup are offered.</summary>
    public IReadOnlyList<OfferedPackage> Packages { get; set; } = [];

    public IReadOnlyList<string> ClusterSources { get; set; } = [];

    public IReadOnlyList<(string Name, string Address, int Port)> DirectEndpoints { get; set; } = [];

    /// <summary>The WorkloadGroup's network; <c>network1</c> is the control plane's.</summary>
    public string Network { get; set; } = "vm-network-1";

    /// <summary>The DNS name of the control plane of a revision.</summary>
    public static string IstiodName(string revision) => $"istiod-{revision}.istio-system.svc";

    /// <summary>The REVISION of a revision's control plane.</summary>
    public static string RevisionLabelFor(string revision) => $"{revision}.istio-system";

    /// <summary>The key that signs <see cref="Packages"/>; null for unsigned packages.</summary>
    public PackageSignature? Signature { get; set; }

    /// <summary>Whether <see cref="Write"/> signs the list; otherwise the list keeps its signature.</summary>
    public bool IsSigned { get; set; } = true;

    public void Write()
    {
        if (IsSigned)
            Signature?.Sign(Packages);
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
              istioVersion: {IstioVersion}
              istioRevision: {Revision}
              istioRevisionLabel: {RevisionLabel ?? RevisionLabelFor(Revision)}
              istioNamespace: istio-system
              rootCertificate: |
            {Indented(RootCertificate, "    ")}
              defaultConfig:
                discoveryAddress: {IstiodName(Revision)}:15012
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
                  annotations: {Quoted(GroupAnnotations)}
                  metadataLabels: {Quoted(Labels)}
                  metadataAnnotations: {Quoted(Annotations)}
                  serviceAccount: {ServiceAccount}
                  network: {Network}
                  ports: {Braces(string.Join(", ", Ports.Select(port => $"{port.Name}: {port.Port}")))}{(Probe is null ? "" : $"\n      probe: {Probe}")}
                tokenSha256s: [{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token)))}]
                clusterSources: [{string.Join(", ", ClusterSources.Select(source => $"'{source}'"))}]
                directEndpoints: [{string.Join(", ", DirectEndpoints.Select(e => Braces($"name: {e.Name}, address: "
                    + $"'{e.Address}', port: {e.Port}")))}]
                packages: [{string.Join(", ", Packages.Select(package => Braces(package.ToString())))}]

            """);
        return yaml.ToString();
    }

    // ' is '' in YAML's single quotes.
    private static string Quoted(IReadOnlyList<(string Name, string Value)> pairs) =>
        Braces(string.Join(", ", pairs.Select(pair => $"{pair.Name}: '{pair.Value.Replace("'", "''", StringComparison.Ordinal)}'")));

    private static string Braces(string members) => "{" + members + "}";

    private static string Indented(string text, string indent) =>
        string.Join('\n', text.TrimEnd().Split('\n').Select(line => indent + line.TrimEnd()));
}
