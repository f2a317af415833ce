using System.Text;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Fuzz.Engine;

namespace SmmAgent.Fuzz.Targets;

/// <summary>Documents that both the agent and the dashboard read.</summary>
internal static class ContractTargets
{
    /// <summary>A mesh configuration with every member; the certificate is a real one.</summary>
    public static string MeshConfigSeed { get; } = $$$$"""
        {"apiVersion":"smm/v1","mesh":{"meshId":"mesh1","trustDomain":"cluster.local","clusterId":"demo","network":"network1","networks":["network1"],"status":"Available",
        "istioVersion":"1.15.3","istioRevision":"cp-v115x","istioRevisionLabel":"cp-v115x.istio-system","istioNamespace":"istio-system","rootCertificate":{{{{JsonSerializer.Serialize(TestCertificate.Pem)}}}},
        "defaultConfig":{"discoveryAddress":"istiod-cp-v115x.istio-system.svc:15012","proxyMetadata":{"PROXY_CONFIG_XDS_AGENT":"true"},"statusPort":15020}},
        "workloadGroup":{"namespace":"vm-integration","name":"analytics-v0","serviceAccount":"default","network":"vm-network-1","annotations":{"proxy.istio.io/config":"concurrency: 2\nproxyMetadata:\n  A: 'b'\n"},
        "metadataLabels":{"app":"analytics"},"templateLabels":{"version":"v0"},"metadataAnnotations":{"traffic.sidecar.istio.io/excludeInboundPorts":"22"},"ports":{"http":8080},
        "probe":{"httpGet":{"path":"/healthz","port":8080},"periodSeconds":5}},
        "meshExpansionGateways":[{"name":"meshexpansion-gw","addresses":["203.0.113.7","gw.example.com"],"ports":[{"name":"tls-istiod","port":15012},{"name":"tls","port":15443}]}],
        "directEndpoints":[{"name":"istiod","address":"10.1.2.3","port":15012}],"clusterSources":["10.244.0.0/16","fd00::/8"],
        "packages":[{"name":"istio-sidecar","version":"1.15.3-1","format":"deb","architecture":"amd64","path":"/packages/istio-sidecar.deb","sha256":"{{{{new string('a', 64)}}}}","size":12345}],
        "problems":["no gateway"]}
        """;

    private static readonly string[] ConfigWords =
    [
        "proxyMetadata", "discoveryAddress", "proxy.istio.io/config", "ISTIO_META_", "PATH", "BASH_ENV", "probe", "httpGet", "exec", "\\n",
        "\\r", "\\u0085", "\\u2028", "smm/v2", "-----BEGIN CERTIFICATE-----",
        "/../", "https://", "%2e%2e", "10.0.0.0/33", "istio-system",
    ];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        FuzzTarget.FromBytes("mesh-config", MeshConfig, MeshConfigSeed) with { Words = ConfigWords, MaximumBytes = 32 * 1024 },
        FuzzTarget.FromText("versions", Versions, "1:1.15.3-1~deb12u1+b2\n1.15.3", "1.0^git1-2.el9\n1.0~rc1-1",
            "0\n\n") with { Words = ["~", "^", ":", "-", "+", "a", "."] },
        FuzzTarget.FromText("names", Names, "istiod.istio-system.svc:15012", "[2001:db8::1]:15012", "10.244.0.0/16", "/packages/a.deb",
            "https://example.com/a%2fb.deb", "spiffe://cluster.local/ns/a/sa/b"),
    ];

    private static void MeshConfig(byte[] bytes)
    {
        var read = MeshConfigReader.Read(bytes);
        Lines(read.Errors);
        if (read.Value is not { } config)
            return;

        foreach (var problem in config.Problems ?? [])
            PropertyException.UnlessLine(NameRules.Shown(problem), "a shown problem");
        PropertyException.Unless(
            config.MeshExpansionGateways.SelectMany(gateway => gateway.Ports).All(port => port.Port is > 0 and < 65536),
            "a port is in range");

        var again = MeshConfigReader.Read(JsonSerializer.SerializeToUtf8Bytes(config, ContractJson.Default.MeshConfig));
        PropertyException.Unless(again.Value is not null, $"what was accepted and written is accepted: {string.Join("; ", again.Errors)}");
    }

    private static void Versions(string text)
    {
        var lines = text.Split('\n');
        var (a, b, c) = (lines[0], lines[lines.Length > 1 ? 1 : 0], lines[^1]);
        foreach (var format in Enum.GetValues<PackageFormat>())
        {
            PropertyException.Unless(format.Compare(a, a) == 0, "a version equals itself");
            PropertyException.Unless(Math.Sign(format.Compare(a, b)) == -Math.Sign(format.Compare(b, a)),
                "the order of two versions is the reverse of their reverse");
            if (format.Compare(a, b) <= 0 && format.Compare(b, c) <= 0)
                PropertyException.Unless(format.Compare(a, c) <= 0, "the order of versions is transitive");
            _ = format.CompareOffer(a, b);
            _ = format.CompareUpstream(a, b);
        }
    }

    private static void Names(string text)
    {
        foreach (var rule in new Func<string, string?>[]
                 {
                     NameRules.Label, NameRules.LabelValue, NameRules.Subdomain, NameRules.Address, NameRules.HostAndPort,
                     NameRules.Instance, NameRules.Cidr, NameRules.PackagePath, EnvironmentNames.Rule,
                 })
        {
            if (rule(text) is { } why)
                PropertyException.Unless(!why.Any(char.IsControl), "the reason of a refusal has no control character");
            else
                PropertyException.Unless(!text.Any(char.IsControl) && text.Length > 0, "an accepted name has no control character");
        }

        _ = SpiffeId.Parse(text);
        if (NameRules.Cidr(text) is null)
            _ = System.Net.IPNetwork.Parse(text);
        PropertyException.Unless(Encoding.UTF8.GetByteCount(NameRules.Shown(text)) <= 400, "what is shown is short");
    }

    public static void Lines(IEnumerable<InputError> faults)
    {
        foreach (var fault in faults)
            PropertyException.Unless(
                !fault.ToString().Any(char.IsControl), $"a fault is one line: {fault.Reason.ReplaceLineEndings("\\n")}");
    }
}
