using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Status;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Status;

public sealed class MetricsTextTests
{
    private static readonly ProcessFacts Process = new()
    {
        Version = "0.1.0",
        StartedAt = Samples.Now,
        Usage = new(TimeSpan.FromSeconds(1.5), 12_345_678, 45_678_901, 42, 1024),
    };

    [Theory]
    [InlineData(Outcome.Refused, ConditionStatus.False, "Refused", "not-attached")]
    [InlineData(Outcome.Refused, ConditionStatus.True, ConditionUpdate.Degraded, "degraded")]
    [InlineData(Outcome.Ok, ConditionStatus.True, "Reachable", "attached")]
    public void VerdictIsThatOfStatus(Outcome outcome, ConditionStatus status, string reason, string state)
    {
        var text = Write(Samples.Attached.WithGateway(outcome, status, reason));

        Assert.Equal(
            [$"smm_agent_attachment{{state=\"{state}\"}} 1"],
            text.Split('\n').Where(line => line.StartsWith("smm_agent_attachment{", StringComparison.Ordinal)
                && line.EndsWith(" 1", StringComparison.Ordinal)));
    }

    [Fact]
    public void FamiliesAndSeriesAreWrittenOnce()
    {
        var metrics = ParsedMetrics.Of(Write(Samples.Attached));

        Assert.All(metrics.Samples, sample => Assert.Matches("^(smm_agent|process)_", sample.Name));
        Assert.All(metrics.Samples, sample => Assert.Contains(sample.Name, metrics.Types.Keys));
        Assert.Equal(metrics.Samples.Count, metrics.Samples.Select(sample => sample.Series).Distinct().Count());
        Assert.All(metrics.Types, type => Assert.Equal(type.Key.EndsWith("_total", StringComparison.Ordinal), type.Value == "counter"));
    }

    [Fact]
    public void ConditionHasOneOfThreeStatuses()
    {
        var metrics = ParsedMetrics.Of(Write(Samples.Attached));

        foreach (var type in ConditionType.All)
        {
            var statuses = metrics.Samples.Where(sample => sample.Name == "smm_agent_condition" && sample.Labels["type"] == type).ToList();
            Assert.Equal(["True", "False", "Unknown"], statuses.Select(sample => sample.Labels["status"]));
            Assert.Equal(1, statuses.Sum(sample => sample.Value));
        }
    }

    [Fact]
    public void ValuesAreThoseOfTheSnapshot()
    {
        var metrics = ParsedMetrics.Of(
            Write(Samples.Attached.WithGateway(Outcome.Refused, ConditionStatus.True, ConditionUpdate.Degraded)));

        Assert.Equal(1, metrics["smm_agent_build_info{version=\"0.1.0\"}"]);
        Assert.Equal(
            1,
            metrics["smm_agent_info{version=\"0.1.0\",namespace=\"vm-integration\",workload_group=\"analytics-v0\","
                + "node_ip=\"3.67.91.181\"}"]);
        Assert.Equal(Samples.Now.ToUnixTimeSeconds(), metrics["process_start_time_seconds"]);
        Assert.Equal(1.5, metrics["process_cpu_seconds_total"]);
        Assert.Equal(12_345_678, metrics["process_resident_memory_bytes"]);
        Assert.Equal(45_678_901, metrics["process_virtual_memory_bytes"]);
        Assert.Equal(42, metrics["process_open_fds"]);
        Assert.Equal(1024, metrics["process_max_fds"]);
        Assert.Equal(1, metrics["smm_agent_condition_reason{type=\"GatewaysReachable\",reason=\"Degraded\"}"]);
        Assert.Equal(1, metrics["smm_agent_condition_reason{type=\"PortsOpen\",reason=\"Open\"}"]);
        Assert.Equal(1, metrics["smm_agent_gateway_up{gateway=\"istio-meshexpansion\",port=\"15012\"}"]);
        Assert.Equal(2, metrics["smm_agent_gateway_addresses{gateway=\"istio-meshexpansion\",port=\"15012\"}"]);
        Assert.Equal(1, metrics["smm_agent_gateway_addresses_reachable{gateway=\"istio-meshexpansion\",port=\"15012\"}"]);
        Assert.Equal(2, metrics["smm_agent_gateway_addresses_reachable{gateway=\"istio-meshexpansion\",port=\"15021\"}"]);
        Assert.Equal(0.00314, metrics["smm_agent_gateway_connect_seconds{gateway=\"istio-meshexpansion\",port=\"15012\"}"]);
        Assert.Equal(1, metrics["smm_agent_port_open{port=\"8082\",name=\"grpc\"}"]);
        Assert.Equal(1, metrics["smm_agent_port_reachable_from_cluster{port=\"8080\",name=\"http\"}"]);
        Assert.DoesNotContain(metrics.Samples,
            sample => sample.Series.StartsWith("smm_agent_port_reachable_from_cluster{port=\"8082\"", StringComparison.Ordinal));
    }

    [Fact]
    public void TimeOfTheLastSuccessIsAbsentBeforeTheFirst()
    {
        var snapshot = Samples.Attached with
        {
            Mesh = Samples.Attached.Mesh with { ReceivedAt = Samples.Now.AddSeconds(-7) },
            Cluster = Samples.Attached.Cluster with { ReportedAt = Samples.Now.AddSeconds(-5) },
        };

        var metrics = ParsedMetrics.Of(Write(snapshot));
        Assert.Equal(Samples.Now.ToUnixTimeSeconds() - 7, metrics["smm_agent_mesh_config_received_time_seconds"]);
        Assert.Equal(Samples.Now.ToUnixTimeSeconds() - 5, metrics["smm_agent_last_report_time_seconds"]);
        Assert.DoesNotContain(ParsedMetrics.Of(Write(Samples.Attached)).Samples,
            sample => sample.Name is "smm_agent_mesh_config_received_time_seconds" or "smm_agent_last_report_time_seconds"
                or "smm_agent_token_expiry_timestamp_seconds" or "smm_agent_certificate_expiry_timestamp_seconds");
    }

    [Fact]
    public void ExpiriesAreThoseOfTokensAndCertificates()
    {
        using var key = ECDsa.Create();
        var root = new CertificateRequest("CN=root", key, HashAlgorithmName.SHA256);
        string Root(int days) => root.CreateSelfSigned(Samples.Now.AddDays(-1), Samples.Now.AddDays(days)).ExportCertificatePem();
        var config = Samples.Attached.Mesh.Config!;
        var snapshot = Samples.Attached with
        {
            Settings = Samples.Attached.Settings with
            {
                Token = TokenFacts.From(new TokenClaims(null, null, null, Samples.Now.AddDays(1))),
            },
            Reachability = Samples.Attached.Reachability with
            {
                DashboardCertificateExpiry = Samples.Now.AddDays(2),
                GatewayCertificateExpiry = Samples.Now.AddDays(3),
            },
            Sidecar = SidecarState.Initial with
            {
                CertificateExpiry = Samples.Now.AddDays(4),
                Token = new IstioToken(TokenVerdict.Use, "", null, Samples.Now.AddHours(1)),
            },
            // The old root of a rotation expires first.
            Mesh = Samples.Attached.Mesh with
            {
                Config = config with { Mesh = config.Mesh with { RootCertificate = $"{Root(5)}\n{Root(6)}\n" } },
            },
        };

        var metrics = ParsedMetrics.Of(Write(snapshot));

        double In(int days) => Samples.Now.AddDays(days).ToUnixTimeSeconds();
        Assert.Equal(Samples.Now.AddHours(1).ToUnixTimeSeconds(), metrics["smm_agent_sidecar_token_expiry_timestamp_seconds"]);
        Assert.Equal(In(1), metrics["smm_agent_token_expiry_timestamp_seconds"]);
        Assert.Equal(In(2), metrics["smm_agent_certificate_expiry_timestamp_seconds{which=\"dashboard\"}"]);
        Assert.Equal(In(3), metrics["smm_agent_certificate_expiry_timestamp_seconds{which=\"gateways\"}"]);
        Assert.Equal(In(4), metrics["smm_agent_certificate_expiry_timestamp_seconds{which=\"sidecar\"}"]);
        Assert.Equal(In(6), metrics["smm_agent_certificate_expiry_timestamp_seconds{which=\"mesh-root\"}"]);
    }

    [Fact]
    public void CountersStartAtZeroWithEveryLabelAndCountTheirOwnEvent()
    {
        var none = ParsedMetrics.Of(Write(Samples.Attached));
        string[] counters = [.. none.Types.Where(type => type.Value == "counter").Select(type => type.Key)
            .Where(name => name.StartsWith("smm_agent_", StringComparison.Ordinal))];
        var series = none.Samples.Where(sample => counters.Contains(sample.Name)).ToList();
        Assert.Equal(Enum.GetValues<CountedEvent>().Length, series.Count);
        Assert.All(series, sample => Assert.Equal(0, sample.Value));

        var counts = Enumerable.Range(1, series.Count).Select(number => (long)number).ToList();
        var counted = ParsedMetrics.Of(Write(Samples.Attached with { Counts = new EventCounts(counts) }));

        Assert.Equal(
            counts.Select(count => (double)count),
            counted.Samples.Where(sample => counters.Contains(sample.Name)).Select(sample => sample.Value).Order());
        Assert.Equal((long)CountedEvent.ReconcileFailed + 1, counted["smm_agent_reconciles_total{outcome=\"failed\"}"]);
    }

    [Fact]
    public void CapturedGatewayIsNeitherUpNorDown()
    {
        var captured = Samples.Gateway("13.48.73.61", 15012, Outcome.Captured);
        var snapshot = Samples.Attached with { Reachability = Samples.Attached.Reachability with { Gateways = [captured] } };

        Assert.DoesNotContain(ParsedMetrics.Of(Write(snapshot)).Samples,
            sample => sample.Name.StartsWith("smm_agent_gateway_", StringComparison.Ordinal));
    }

    [Fact]
    public void NoLabelContainsAnAddressOfAGateway() =>
        Assert.DoesNotContain("13.48.73.6", Write(Samples.Attached), StringComparison.Ordinal);

    [Fact]
    public void AddressThatTwoNamesShareIsOneAddress()
    {
        var twice = Samples.Gateway("13.48.73.61", 15012);
        var snapshot = Samples.Attached with { Reachability = Samples.Attached.Reachability with { Gateways = [twice, twice] } };

        Assert.Equal(
            1, ParsedMetrics.Of(Write(snapshot))["smm_agent_gateway_addresses{gateway=\"istio-meshexpansion\",port=\"15012\"}"]);
    }

    [Fact]
    public void LabelValueCannotLeaveItsQuotes()
    {
        var odd = Samples.Gateway("13.48.73.61", 15012) with { Name = "a\"} 1\nsmm_agent_condition{x=\"\\" };
        var snapshot = Samples.Attached with { Reachability = Samples.Attached.Reachability with { Gateways = [odd] } };

        var sample = Assert.Single(ParsedMetrics.Of(Write(snapshot)).Samples, sample => sample.Name == "smm_agent_gateway_up");
        Assert.Equal(odd.Name, sample.Labels["gateway"]);
    }

    private static string Write(AgentSnapshot snapshot) => MetricsText.Write(
        AgentStatusBuilder.Build(snapshot, Samples.Conditions(snapshot), new AgentInfo("0.1.0", null), Samples.Now), snapshot, Process);
}
