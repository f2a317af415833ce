using System.Globalization;
using System.Text.RegularExpressions;
using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>The metrics of the published agent on an attached VM.</summary>
public sealed class MetricsTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Fact]
    public async Task PromtoolAcceptsTheMetricsAndEachIsDocumented()
    {
        var testbed = fixture.Bed;
        await using var agent = new VmAgent(testbed);
        agent.Start();
        await agent.UntilConditionAsync("ReachableFromCluster", "True");

        var text = Scrape(testbed);

        Assert.Equal(MetricDocs.OfAgent, MetricDocs.FromText(text));
        Assert.Contains(
            "namespace=\"vm-integration\",workload_group=\"analytics-v0\",node_ip=\"198.18.0.100\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("smm_agent_condition_reason{type=\"GatewaysReachable\",reason=\"Reachable\"} 1\n", text, StringComparison.Ordinal);
        Assert.Equal(2, Value(text, "smm_agent_gateway_addresses\\{gateway=\"[^\"]+\",port=\"15012\"\\}"));
        Assert.Equal(2, Value(text, "smm_agent_gateway_addresses_reachable\\{gateway=\"[^\"]+\",port=\"15012\"\\}"));
        Assert.True(Value(text, "smm_agent_certificate_expiry_timestamp_seconds\\{which=\"mesh-root\"\\}") > Now);
        Assert.True(Value(text, "smm_agent_certificate_expiry_timestamp_seconds\\{which=\"gateways\"\\}") > Now);
        // An earlier daemon may have saved the configuration.
        var fetches = ((string[])["changed", "not-modified"]).Sum(
            outcome => Value(text, $"smm_agent_mesh_config_fetches_total\\{{outcome=\"{outcome}\"\\}}"));
        Assert.True(fetches >= 1);
        Assert.True(Value(text, "smm_agent_reports_total\\{outcome=\"accepted\"\\}") >= 1);
        Assert.True(Value(text, "smm_agent_probes_total\\{target=\"gateway\"\\}") >= 12);
        Assert.True(Value(text, "smm_agent_firewall_repairs_total") >= 0);
        Assert.InRange(Value(text, "process_start_time_seconds"), Now - 600, Now + 1);
        Assert.InRange(Value(text, "process_resident_memory_bytes"), 5e6, 500e6);
        Assert.True(Value(text, "process_virtual_memory_bytes") > Value(text, "process_resident_memory_bytes"));
        Assert.InRange(Value(text, "process_open_fds"), 5, Value(text, "process_max_fds"));
        Assert.DoesNotContain(MeshTestbed.SecondGateway, text, StringComparison.Ordinal);
        Assert.SkipWhen(Promtool.Missing is not null, Promtool.Missing ?? "");
        Assert.Equal((0, ""), Promtool.CheckMetrics(text));
    }

    [Fact]
    public async Task DegradedVmIsVisible()
    {
        var testbed = fixture.Bed;
        await using var agent = new VmAgent(testbed);
        agent.Start();
        await agent.UntilConditionAsync("GatewaysReachable", "True", "Reachable");
        await testbed.StopGatewayAsync(MeshTestbed.SecondGateway);
        try
        {
            agent.Process!.Signal(Signals.Hangup);
            await agent.UntilConditionAsync("GatewaysReachable", "True", "Degraded");

            var text = "";
            await agent.UntilAsync(
                () => (text = Scrape(testbed)).Contains(
                    "smm_agent_condition_reason{type=\"GatewaysReachable\",reason=\"Degraded\"} 1\n", StringComparison.Ordinal),
                "the reason is in the metrics");

            Assert.Contains("smm_agent_condition{type=\"GatewaysReachable\",status=\"True\"} 1\n", text, StringComparison.Ordinal);
            Assert.Equal(1, Value(text, "smm_agent_gateway_up\\{gateway=\"[^\"]+\",port=\"15012\"\\}"));
            Assert.Equal(1, Value(text, "smm_agent_gateway_addresses_reachable\\{gateway=\"[^\"]+\",port=\"15012\"\\}"));
            Assert.True(Value(text, "smm_agent_probe_failures_total\\{target=\"gateway\"\\}") >= 2);
        }
        finally
        {
            await testbed.StartGatewayAsync(MeshTestbed.SecondGateway);
        }
    }

    private static double Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private static string Scrape(MeshTestbed testbed) => testbed.Vm.Run("curl", "-fsS", "http://127.0.0.1:16400/metrics").TrimEnd() + "\n";

    private static double Value(string text, string series)
    {
        var match = Regex.Match(text, $"^{series} (\\S+)$", RegexOptions.Multiline);
        Assert.True(match.Success, $"{series} is missing in\n{text}");
        return double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
