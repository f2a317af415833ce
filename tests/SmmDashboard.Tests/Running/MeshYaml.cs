using System.Security.Cryptography;
using System.Text;

namespace SmmDashboard.Tests.Running;

/// <summary>Writes mesh descriptions for tests.</summary>
public sealed record MeshYaml
{
    public const string Token = "token-of-analytics";
    public const string OtherToken = "token-of-another-group";

    public string Revision { get; init; } = "cp-v115x";

    /// <summary>istiod's REVISION; null writes none.</summary>
    public string? RevisionLabel { get; init; }

    public string Head { get; init; } = "publicUrl: https://smm.example.com\nclusterRanges: [10.244.0.0/16]\n";

    public IReadOnlyList<string> Groups { get; init; } = [Group("analytics-v0", Token), Group("billing-v1", OtherToken, "other")];

    public static string Group(string name, string token, string space = "vm-integration", string ports = "{ http: 8080, grpc: 8082 }") =>
        $$"""
          - workloadGroup:
              namespace: {{space}}
              name: {{name}}
              metadataLabels: { app: analytics, version: v0 }
              serviceAccount: default
              network: vm-network-1
              ports: {{ports}}
              probe: { httpGet: { path: /, host: 127.0.0.1, port: 8080, scheme: HTTP } }
            tokenSha256s: [ "{{Sha256(token)}}" ]
            clusterSources: [ 10.244.0.0/16 ]

        """;

    public static string Sha256(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(token)));

    public override string ToString() =>
        Head + $$"""
        mesh:
          meshId: mesh1
          trustDomain: cluster.local
          clusterId: demo-cluster
          network: network1
          networks: [ network1 ]
          status: Available
          istioVersion: 1.15.3
          istioRevision: {{Revision}}
          istioRevisionLabel: {{RevisionLabel ?? "null"}}
          istioNamespace: istio-system
          rootCertificate: |
            {{TestCertificate.Any.CertificatePem.ReplaceLineEndings("\n    ")}}
          defaultConfig:
            discoveryAddress: istiod-{{Revision}}.istio-system.svc:15012
            concurrency: 2
            proxyMetadata: {}
        meshExpansionGateways:
        - name: istio-meshexpansion-cp-v115x
          addresses: [ 13.48.73.61, gw.example.com ]
          ports:
          - { name: tls-istiod, port: 15012 }
        groups:

        """ + string.Concat(Groups);
}
