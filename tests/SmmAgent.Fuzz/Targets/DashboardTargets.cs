using System.Text;
using Microsoft.AspNetCore.Http;
using SmmAgent.Contract;
using SmmAgent.Fuzz.Engine;
using SmmDashboard.Access;
using SmmDashboard.Agents;
using SmmDashboard.DialBack;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Embedded.Registration;
using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmAgent.Fuzz.Targets;

/// <summary>Requests of clients to the dashboard, and the files of the dashboard.</summary>
internal static class DashboardTargets
{
    private static readonly WorkloadGroup Group = new()
    {
        Namespace = "vm", Name = "a", ServiceAccount = "default", Network = "n", Ports = new Dictionary<string, int> { ["http"] = 8080 },
    };

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        FuzzTarget.FromBytes("report", bytes => Body(bytes, ReportReader.Read),
            """{"host":{"hostname":"vm","os":"Debian","architecture":"amd64"},"address":{"value":"203.0.113.7","source":"node"},"interfaceAddresses":["10.0.0.1","fe80::1%eth0"],"versions":{"agent":"0.1.0","sidecar":"1.15.3"},"conditions":[{"type":"PortsOpen","status":"True","reason":"Open","message":"","lastTransitionTime":"2026-11-28T00:00:00Z"}],"reportedAt":"2026-11-28T00:00:00.1+01:00","instance":"0123456789abcdef"}"""),
        FuzzTarget.FromBytes("dial-back", bytes => Body(bytes, request => DialBackReader.Read(request, Group)),
            """{"ports":[8080,16400],"nonce":"0123456789abcdef"}"""),
        FuzzTarget.FromBytes(
            "registration", Registration,
            """{"token":"a.b.c","namespace":"vm","group":"a","serviceAccount":"default","address":"10.0.0.1","network":"n","uuid":"5b9c1f1e-8a2d-4a7e-9a53-0d3f4f6f7a11","labels":{"istio.io/rev":"default"},"clusterId":"c","signingRequest":"x"}"""),
        FuzzTarget.FromText(
            "mesh-yaml", Mesh, MeshYaml, "a: {b", "a: !<tag:x> b", "&a [*a]: b",
            "a: [1, 2]\n---\nb: c") with { Words = ["&a ", "*a", "!!str ", "!<", "? ", "<<: *a", "[", "{", "- ", ": ", "|+\n", "\t",
                "tokenSha256s:", "groups:", "---\n", "%TAG ! x\n", "\0", "\\ud800", "\ufeff"], MaximumBytes = 64 * 1024 },
        FuzzTarget.FromText(
            "request-headers", Headers, "Bearer a.eyJleHAiOjF9.c\nsmm-agent/0.1.0 (x)\nwait=50, respond-async\n\"a\", W/\"b\"",
            "Bearer \n\nwait=\"5\"\n*") with { MaximumBytes = 4096,
            Words = ["Bearer ", "wait=", "smm-agent/", "\"", ",", ";", "W/", "*", "eyJzdWIiOiJcdWQ4MDAifQ"] },
        FuzzTarget.FromText("jwt-payload", Payload, """{"exp":1.5e9,"sub":"system:serviceaccount:vm:a","iss":"x"}""",
            """{"sub":"\ud800"}"""),
    ];

    private const string MeshYaml = """
        publicUrl: https://dashboard.example.com
        minimumAgentVersion: 0.1.0
        clusterRanges: [10.244.0.0/16]
        mesh:
          meshId: mesh1
          trustDomain: cluster.local
          clusterId: demo
          network: network1
          istioVersion: 1.15.3
          istioRevision: cp-v115x
          istioNamespace: istio-system
          rootCertificate: |
            -----BEGIN CERTIFICATE-----
          defaultConfig:
            proxyMetadata: {A: "b"}
        meshExpansionGateways:
          - name: gw
            addresses: [203.0.113.7]
            ports: [{name: tls, port: 15443}]
        groups:
          - workloadGroup: {namespace: vm, name: a, serviceAccount: default, network: n, ports: {http: 8080}}
            tokenSha256s: []

        """;

    private static void Body<T>(byte[] bytes, Func<ObjectReader, T> read)
        where T : class
    {
        var context = new DefaultHttpContext
        {
            Request = { Body = new MemoryStream(bytes), ContentLength = bytes.Length,
            ContentType = "application/json" }
        };
        var body = RequestBody.ReadAsync(context, 64 * 1024).GetAwaiter().GetResult();
        if (body is not null && !body.TryParse(read, out var value, out var problem))
            PropertyException.Unless(value is null || problem is not null, "a refused body has a problem");
    }

    private static void Registration(byte[] line)
    {
        var read = RegistrationRequest.Read(line);
        ContractTargets.Lines(read.Errors);
    }

    private static void Mesh(string yaml)
    {
        var read = MeshFile.Read(Encoding.UTF8.GetBytes(yaml));
        ContractTargets.Lines(read.Errors);
    }

    private static void Headers(string text)
    {
        var lines = text.Split('\n');
        var context = new DefaultHttpContext();
        context.Request.Headers.Authorization = lines[0];
        if (AuthorizationHeader.TryRead(context.Request, TimeProvider.System, out var token, out var problem))
            _ = (token.ExpiresAt, token.ToString());
        else
            PropertyException.Unless(problem is not null, "a refused token has a problem");
        _ = AgentVersion.FromUserAgent(lines.ElementAtOrDefault(1) ?? "");
        PropertyException.Unless(PreferHeader.ParseWait([lines.ElementAtOrDefault(2)]) is null
            or (>= 0 and <= DashboardApi.MaximumWaitSeconds), "a wait is in range");
        _ = new EntityTags(lines.Skip(3)).Match("\"a\"");
    }

    private static void Payload(string json)
    {
        var part = Jwt.Encode(json);
        _ = Jwt.ExpiresAt($"e30.{part}.x");
        if (Jwt.TryDecode(part, out var payload))
            _ = (Jwt.Time(payload, "exp"), ServiceAccount.FromSubject(Jwt.Text(payload, "sub")), Jwt.Text(payload, "iss"));
    }
}
