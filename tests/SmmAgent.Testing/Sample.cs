using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace SmmAgent.Testing;

/// <summary>Mesh configurations and certificates for the tests.</summary>
public static class Sample
{
    public const string Namespace = "vm-integration";
    public const string Name = "analytics-v0";
    public const string ConfigPath = "/v1/namespaces/vm-integration/workloadgroups/analytics-v0/mesh-config";

    private static readonly string Root = NewCertificate("mesh root").ExportCertificatePem();

    public static JsonObject Config() => JsonNode.Parse($$"""
        {
          "apiVersion": "smm/v1",
          "mesh": {
            "meshId": "mesh1", "trustDomain": "cluster.local", "clusterId": "demo-cluster", "network": "network1",
            "istioVersion": "1.15.3", "istioRevision": "cp-v115x", "istioNamespace": "istio-system",
            "rootCertificate": {{JsonValue.Create(Root).ToJsonString()}},
            "defaultConfig": { "discoveryAddress": "istiod-cp-v115x.istio-system.svc:15012", "proxyMetadata": {} }
          },
          "workloadGroup": {
            "namespace": "vm-integration", "name": "analytics-v0", "serviceAccount": "default", "network": "vm-network-1",
            "ports": { "http": 8080 }
          },
          "meshExpansionGateways": [
            { "name": "gw", "addresses": ["13.48.73.61"], "ports": [ { "name": "tls-istiod", "port": 15012 } ] }
          ]
        }
        """)!.AsObject();

    /// <summary>A configuration that differs from others by the port.</summary>
    public static string ConfigText(int port = 8080)
    {
        var config = Config();
        config["workloadGroup"]!["ports"]!["http"] = port;
        return config.ToJsonString();
    }

    /// <summary>The answer that carries it.</summary>
    public static string Ok(string body, string etag = "\"1\"", string headers = "") =>
        RawServer.Answer("200 OK", body, $"Content-Type: application/json; charset=utf-8\r\nETag: {etag}\r\n{headers}");

    public static string NotModified(string etag = "\"1\"") => $"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n";

    public static string Problem(string status, string code, string detail, string headers = "") => RawServer.Answer(
        status, $$"""{"status":{{status[..3]}},"code":"{{code}}","detail":"{{detail}}"}""",
        $"Content-Type: application/problem+json\r\n{headers}");

    public static X509Certificate2 NewCertificate(
        string name, X509Certificate2? issuer = null, DateTimeOffset? from = null, DateTimeOffset? to = null, string dnsName = "localhost",
        bool isAuthority = false, X509Certificate2? key = null)
    {
        using var own = key?.GetECDsaPrivateKey() ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", own, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(issuer is null || isAuthority, false, 0, true));
        if (issuer is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(dnsName);
            request.CertificateExtensions.Add(names.Build());
        }

        // Fixed dates: the tests do not run before 2020, and not after 2090.
        var notBefore = from ?? new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var notAfter = to ?? new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero);
        if (issuer is null)
            return request.CreateSelfSigned(notBefore, notAfter);

        using var signed = request.Create(issuer, notBefore, notAfter, Encoding.ASCII.GetBytes(name.PadRight(8)[..8]));
        using var withKey = signed.CopyWithPrivateKey(own);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }
}
