using System.Net;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Network;
using SmmAgent.Fuzz.Engine;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Network.Names;

namespace SmmAgent.Fuzz.Targets;

/// <summary>Answers of servers to the agent.</summary>
internal static class NetworkTargets
{
    private static readonly Uri Dashboard = new("https://dashboard.example.com/");
    private static readonly byte[] DnsQuery = DnsMessage.Query(7, "istiod.istio-system.svc", DnsRecordType.A)!;

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        FuzzTarget.FromBytes("provider-answer", Provider, "203.0.113.7\n", "2001:db8::7", "<html>", "\ufeff203.0.113.7",
            "::ffff:203.0.113.7") with { MaximumBytes = 512 },
        FuzzTarget.FromBytes("http-answer", Answer,
            "401\nContent-Type: application/problem+json\n\n{\"status\":401,\"title\":\"Unauthorized\",\"detail\":\"the token "
            + "expired\",\"code\":\"token_expired\",\"reason\":\"TokenExpired\"}",
            "429\nRetry-After: 120\nContent-Type: application/json; charset=utf-8\n\n{\"detail\":\"later\"}",
            "503\nRetry-After: Sat, 28 Nov 2026 23:00:00 GMT\nServer: envoy\n\nno healthy upstream",
            "302\nLocation: //evil.example.com:0/%2f\n\n",
            "403\nContent-Type: text/plain\n\nRBAC: access denied",
            $"200\nETag: \"a\"\nContent-Type: application/json\n\n{ContractTargets.MeshConfigSeed}", "304\nETag: W/\"a-gzip\"\n\n") with
        {
            Words = ["Retry-After: ", "Location: ", "ETag: ", "Content-Type: ", "Content-Encoding: gzip\n", "Transfer-Encoding: chunked\n",
                "Content-Length: ", "http://[::1", "//", "99999999999999999999", "application/problem+json", "\"detail\":", "\\u202e",
                "\\ud800", "s3cr3t"],
            MaximumBytes = 32 * 1024,
        },
        FuzzTarget.FromBytes("dns-answer", bytes => _ = DnsMessage.Read(DnsQuery, bytes))
            with { Seeds = [DnsAnswer()], MaximumBytes = 1024 },
        FuzzTarget.FromText("one-line", text =>
        {
            foreach (var maximum in new[] { 1, 10, 200, 400 })
            {
                var line = OneLine.From(text, maximum);
                PropertyException.UnlessLine(line, "a shown text");
                PropertyException.Unless(line.Length <= maximum + 5, "a shown text is short");
                PropertyException.Unless(OneLine.From(line, maximum + 5) == line.Trim(), "a shown text is shown as it is");
            }
        }, "a\nb", "\e[31m", "é\u202eab\u2066", "\ud83d\ude00"),
        FuzzTarget.FromText("networks", text =>
        {
            if (Cidr.Parse(text) is { } network)
                PropertyException.Unless(
                    Cidr.Parse(network.ToString()) == network, "a network is read as it is shown");
            if (IPAddress.TryParse(text, out var address))
                _ = (AddressRules.ValidateExternal(AddressRules.Normalize(address)),
                    SmmDashboard.DialBack.EmbeddedAddress.Extract(address));
        }, "10.0.0.0/8", "10.0.0.0/255.0.0.0", "fd00::/8", "::ffff:10.0.0.1", "64:ff9b::a00:1") with { MaximumBytes = 64 },
    ];

    private static byte[] DnsAnswer()
    {
        byte[] answer = [.. DnsQuery, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 7];
        (answer[2], answer[7]) = (0x81, 1);
        return answer;
    }

    private static void Provider(byte[] bytes)
    {
        var read = ProviderAnswer.Read("https://a.example.com", bytes.AsSpan(0, Math.Min(bytes.Length, ProviderAnswer.MaximumBytes)),
            bytes.Length > ProviderAnswer.MaximumBytes);
        PropertyException.Unless(!read.ToString().Any(char.IsControl), "what is reported is one line");
    }

    // STATUS, headers, an empty line, the body.
    private static void Answer(byte[] bytes)
    {
        var end = bytes.AsSpan().IndexOf("\n\n"u8);
        var head = end >= 0 ? Encoding.Latin1.GetString(bytes.AsSpan(0, end)).Split('\n') : ["200"];
        using var response = new HttpResponseMessage(
            (HttpStatusCode)(int.TryParse(head[0], out var status) && status is >= 100 and <= 999 ? status : 500))
        {
            Content = new ByteArrayContent(end < 0 ? bytes : bytes[(end + 2)..]),
            RequestMessage = new HttpRequestMessage(
                HttpMethod.Get, Dashboard)
            { Headers = { { "Authorization", "Bearer s3cr3t-0123456789" } } },
        };
        foreach (var line in head.Skip(1))
        {
            if (line.IndexOf(':', StringComparison.Ordinal) is var colon and > 0
                && !response.Headers.TryAddWithoutValidation(line[..colon], line[(colon + 1)..].Trim()))
                response.Content.Headers.TryAddWithoutValidation(line[..colon], line[(colon + 1)..].Trim());
        }

        var target = new DashboardTarget(Dashboard, "vm-integration", "analytics-v0");
        var (text, failure) = ((int)response.StatusCode is 200 or 304
            ? new MeshConfigAnswerReader(target, "\"a\"").ReadAsync(response, CancellationToken.None).GetAwaiter().GetResult().Failure
            : FailureClassifier.StatusAsync(response, Dashboard, DateTimeOffset.UnixEpoch, CancellationToken.None).GetAwaiter()
                .GetResult()) is { } what
            ? (FailureText.Format(what, target), what) : (("", ""), null);
        PropertyException.UnlessLine(text.Item2, "what is reported of an answer");
        PropertyException.Unless(
            failure is null || !text.Item2.Contains("s3cr3t-0123456789", StringComparison.Ordinal), "the token is not reported");
    }
}
