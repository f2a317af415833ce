using System.Net;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;
using SmmAgent.Core.Yaml;
using SmmAgent.Fuzz.Engine;

namespace SmmAgent.Fuzz.Targets;

/// <summary>Output and files of the sidecar, its package and its configuration.</summary>
internal static class SidecarTargets
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 0, 0, 0, TimeSpan.Zero);

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        FuzzTarget.FromBytes(
            "sidecar-files", Render, ContractTargets.MeshConfigSeed) with { Words = ["proxyMetadata", "ISTIO_META_", "\\n", "'", "\"", "$(",
                "ISTIO_INBOUND_PORTS", "statusPort", "concurrency: ", "\\u2028", "discoveryAddress: a:1\\n"], MaximumBytes = 32 * 1024 },
        FuzzTarget.FromText(
            "proxy-config", Annotation,
            "concurrency: 2\nproxyMetadata:\n  A: \"b\"\n  C: 'd'\ndiscovery_address: x:1\nholdApplicationUntilProxyStarts: true\n",
            """{"tracing":{"zipkin":{"address":"z:9411"}},"drainDuration":"45s","n":1.5e3}""") with
            { Words = ["proxyMetadata:", "proxy_metadata:", "0x10", ".inf", "~", "yes", "1_000", "[", "{", "&a ", "*a", "!!binary ", "<<: ",
                "? ", "|\n ", "\0", "- "] },
        FuzzTarget.FromText(
            "sidecar-log", Log,
            """{"level":"error","time":"2024-05-01T10:00:00.123456Z","scope":"xdsproxy","msg":"failed to connect: code = Unauthenticated desc = x"}""", "[2024-05-01 10:00:00.123][18][warning][config] gRPC config stream closed: 16, the token is not authenticated",
            "2024-05-01T10:00:00.123456Z\twarn\tca\tca request failed: x509: certificate is valid for a, not b",
            "listen tcp :15020: bind: address already in use") with { Words = [
                "code = ", "x509: ", "\\u001b[31m", "\e[1m", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "+14:00", "\n", "\r", "\u2028",
                "istio-token", "envoy"], MaximumBytes = 32 * 1024 },
        FuzzTarget.FromText("certificate", text => _ = FoundCertificate.Read(text, Now),
            TestCertificate.Pem) with { Words = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "\n"] },
        FuzzTarget.FromBytes("certificate-der", der => _ = FoundCertificate.Read(
            System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE", der), Now)) with { Seeds = [TestCertificate.Der] },
        FuzzTarget.FromText(
            "istio-token", Token,
            "eyJhbGciOiJub25lIn0.eyJhdWQiOlsiaXN0aW8tY2EiXSwic3ViIjoic3lzdGVtOnNlcnZpY2VhY2NvdW50OnZtOmRlZmF1bHQi"
                + "LCJleHAiOjE5MDAwMDAwMDB9.x",
            "{\"aud\":[\"istio-ca\"],\"sub\":\"system:serviceaccount:vm:default\",\"exp\":253402300798}"),
        FuzzTarget.FromBytes(
            "root-report", Report, Encoding.UTF8.GetString(ReconcileReport.None.Write()),
            """{"crashLoop":{"restarts":3},"failures":[{"part":"package","subject":"1","reason":"R","message":"m"}],"isUnconfirmed":true}"""),
        FuzzTarget.FromBytes(
            "sidecar-before", bytes =>
                SidecarSnapshot.Read(bytes)?.Write(),
                """{"format":1,"version":"1.15.3","files":{"/var/lib/istio/envoy/cluster.env":{"content":"YQ==","mode":420}},"credentials":{"/etc/certs/key.pem":"2026-11-28T00:00:00Z"},"writtenAt":"2026-11-28T00:00:00Z"}"""),
    ];

    private static void Render(byte[] bytes)
    {
        if (MeshConfigReader.Read(bytes).Value is not { } config)
            return;

        var host = new SidecarHost(IPAddress.Parse("192.0.2.10"), true, [IPAddress.Parse("203.0.113.7"),
            IPAddress.Parse("2001:db8::7")])
        { AgentGroup = 997, IptablesBackend = CaptureBackends.Nft, HasBothBackends = true };
        var rendered = SidecarFiles.Render(config, host, SidecarOptions.ForAgent(config, "vm-1", Guid.Empty, [16400]));
        foreach (var fault in rendered.Errors)
            PropertyException.Unless(!fault.ToString().Any(char.IsControl), "a fault is one line");
        if (rendered.Value is not { } sidecar)
            return;

        var environment = sidecar.Files.Single(file => file.Path == SidecarFiles.ClusterEnvironment).Content;
        PropertyException.Unless(!environment.Replace("'\"'\"'", "", StringComparison.Ordinal).Split('\n',
            StringSplitOptions.RemoveEmptyEntries).Any(line => !IsAssignment(line)), "each line that root's shell sources is NAME='VALUE'");
        var mesh = sidecar.Files.Single(file => file.Path == SidecarFiles.MeshFile).Content;
        PropertyException.Unless(Contract.Yaml.YamlReader.Parse(mesh, Contract.Yaml.YamlLimits.Agent) is var (root, why)
            && (root is not null || why!.Reason.Contains("nested", StringComparison.Ordinal)), "the mesh file is YAML");
        PropertyException.Unless(
            sidecar.Hosts.All(line => !line.Contains('\n', StringComparison.Ordinal)), "a line of /etc/hosts is one line");
    }

    private static bool IsAssignment(string line) =>
        line.IndexOf('=', StringComparison.Ordinal) is var at and > 0 && line[..at].All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
        && line.Length >= at + 3 && line[at + 1] == '\'' && line.IndexOf('\'', at + 2) == line.Length - 1;

    private static void Annotation(string text)
    {
        var (value, fault) = ProxyConfigAnnotation.Parse(text);
        PropertyException.Unless(value is null != (fault is null), "there is a value or a fault");
        PropertyException.Unless(fault?.Any(char.IsControl) is not true, "a fault is one line");
        if (value is not null)
            PropertyException.Unless(System.Text.Json.Nodes.JsonNode.DeepEquals(
                ProxyConfigAnnotation.Parse(YamlText.Write(value)).Value, value), "what is written is read as the same");
    }

    private static void Log(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            if (SidecarLogLine.Read(line) is { } read)
                PropertyException.UnlessLine(read.Text, "a line of the sidecar's log");
        }

        foreach (var since in new DateTimeOffset?[] { null, Now })
        {
            if (SidecarLog.NewestFailure(new(text, Now), new(text, null), since, Now) is { } failure)
            {
                PropertyException.UnlessLine(failure.Line, "the line of a failure");
                PropertyException.Unless(failure.Line.Length <= SidecarLog.MostShown + 6, "the line of a failure is short");
            }
        }
    }

    private static void Token(string text)
    {
        var group = MeshConfigReader.Read(Encoding.UTF8.GetBytes(ContractTargets.MeshConfigSeed)).Value!.WorkloadGroup;
        foreach (var token in new[] { text, $"e30.{System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text))}.x" })
            _ = IstioToken.Evaluate(token, group with { Namespace = "vm" }, Now).At(DateTimeOffset.MaxValue);
    }

    private static void Report(byte[] bytes)
    {
        if (ReconcileReport.Read(bytes) is { } report)
            PropertyException.Unless(ReconcileReport.Read(report.Write())?.Write() is { } again && again.AsSpan()
                .SequenceEqual(report.Write()), "a report is read as it was written");
    }
}
