using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.DialBack;
using SmmDashboard.Startup;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Status;

/// <summary>The metrics at the status address.</summary>
public sealed partial class MetricsTests
{
    [Fact]
    public async Task PromtoolAcceptsTheMetricsAndEachIsDocumented()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { HasStatus = true });
        await new TestAgent().Report().SendAsync(dashboard);
        var (type, text) = await ScrapeAsync(dashboard);

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", type);
        Assert.Equal(MetricDocs.OfDashboard(inCluster: false), MetricDocs.FromText(text));
        Assert.SkipWhen(Promtool.Missing is not null, Promtool.Missing ?? "");
        Assert.Equal((0, ""), Promtool.CheckMetrics(text));
    }

    [Fact]
    public async Task RequestsReportsAndDialBacksAreCounted()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { HasStatus = true });
        var agent = new TestAgent();
        await agent.Report("127.0.0.1").SendAsync(dashboard);
        await (new TestAgent() with { Uuid = agent.Uuid }).Report().SendAsync(dashboard);
        await agent.DialBack("[16401]").SendAsync(dashboard);
        await Call.Get($"/{new string('x', 100)}").SendAsync(dashboard);
        await (Call.MeshConfig() with { Token = null }).SendAsync(dashboard);

        var text = (await ScrapeAsync(dashboard)).Text;

        const string Group = "/v1/namespaces/{namespace}/workloadgroups/{name}";
        Assert.Contains($"smm_dashboard_http_requests_total{{route=\"{Group}/agents/{{uuid}}\",code=\"204\"}} 1\n", text,
            StringComparison.Ordinal);
        Assert.Contains($"smm_dashboard_http_requests_total{{route=\"{Group}/agents/{{uuid}}\",code=\"403\"}} 1\n", text,
            StringComparison.Ordinal);
        Assert.Contains($"smm_dashboard_http_requests_total{{route=\"{Group}/mesh-config\",code=\"401\"}} 1\n", text,
            StringComparison.Ordinal);
        Assert.Contains("smm_dashboard_http_requests_total{route=\"none\",code=\"404\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("smm_dashboard_http_requests_in_progress 0\n", text, StringComparison.Ordinal);
        Assert.Contains("smm_dashboard_reports_total{outcome=\"kept\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("smm_dashboard_reports_total{outcome=\"key-mismatch\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("smm_dashboard_reports_total{outcome=\"duplicate\"} 0\n", text, StringComparison.Ordinal);
        Assert.Matches(DialledPort(), text);
    }

    [Fact]
    public async Task AgentsAreCountedByState()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var hooks = new DashboardTestHooks { Clock = clock, Addresses = new AddressPolicy(IPNetwork.Parse("127.0.0.0/8")) };
        await using var dashboard = await RunningDashboard.StartAsync(new() { HasStatus = true, Seams = hooks });
        await new TestAgent().Report().SendAsync(dashboard);
        Assert.Contains("smm_dashboard_agents{state=\"silent\"} 0\n", (await ScrapeAsync(dashboard)).Text, StringComparison.Ordinal);

        clock.Advance(TimeSpan.FromMinutes(15));
        await new TestAgent().Report().SendAsync(dashboard);

        var text = (await ScrapeAsync(dashboard)).Text;
        Assert.Contains("smm_dashboard_agents{state=\"silent\"} 1\n", text, StringComparison.Ordinal);
        Assert.Equal(2, Agents().Matches(text).Sum(match => int.Parse(match.Groups[1].Value, null)));
    }

    [Fact]
    public async Task ExpiryOfTheCertificateIsThatOfTheServedOne()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { HasStatus = true, IsTls = true });

        var text = (await ScrapeAsync(dashboard)).Text;

        var expiry = Regex.Match(
            text, @"^smm_dashboard_certificate_expiry_timestamp_seconds (\d+)$", RegexOptions.Multiline).Groups[1].Value;
        using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(
            TestCertificate.Any.CertificatePem);
        Assert.Equal(new DateTimeOffset(certificate.NotAfter).ToUnixTimeSeconds(), long.Parse(expiry, null));
    }

    [Fact]
    public async Task TargetsAreTheAddressesOfTheAgents()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { HasStatus = true });
        Assert.Equal(("application/json", "[]"), await ScrapeAsync(dashboard, "/targets"));
        var (first, second) = (new TestAgent(), new TestAgent());
        await first.Report("127.0.0.1").SendAsync(dashboard);
        await second.Report("2001:db8::7").SendAsync(dashboard);
        await new TestAgent().Report("169.254.169.254").SendAsync(dashboard);
        await new TestAgent().Report("::ffff:169.254.169.254").SendAsync(dashboard);

        var targets = JsonNode.Parse((await ScrapeAsync(dashboard, "/targets")).Text)!.AsArray();

        Assert.Equal(["127.0.0.1:16400", "[2001:db8::7]:16400"], targets.Select(target => (string?)target!["targets"]![0]).Order());
        var labels = targets.Single(target => (string?)target!["targets"]![0] == "127.0.0.1:16400")!["labels"]!.AsObject();
        Assert.Equal(
            [
                ("__meta_smm_namespace", "vm-integration"), ("__meta_smm_workload_group", "analytics-v0"), ("__meta_smm_host", "vm-1"),
                ("__meta_smm_uuid", $"{first.Uuid}"),
            ],
            labels.Select(label => (label.Key, (string)label.Value!)));
        using var atApi = await dashboard.Client.GetAsync("/targets", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, atApi.StatusCode);
    }

    private static async Task<(string Type, string Text)> ScrapeAsync(RunningDashboard dashboard, string path = "/metrics")
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var response = await client.GetAsync(new Uri(dashboard.StatusAddress, path), TestContext.Current.CancellationToken);
        return ($"{response.Content.Headers.ContentType}", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    // Another program may listen on this port.
    [GeneratedRegex("smm_dashboard_dial_back_ports_total\\{result=\"(refused|reachable)\"\\} 1\n")]
    private static partial Regex DialledPort();

    [GeneratedRegex("^smm_dashboard_agents\\{state=\"[a-z-]+\"\\} ([0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex Agents();
}
