using System.Globalization;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Status;

namespace SmmAgent.Core.Tests.Status;

public sealed class MetricsTextTests
{
    private static readonly ProcessFacts Process = new("0.1.0", Samples.Now, TimeSpan.FromSeconds(1.5), 12_345_678, 0);

    [Fact]
    public void FamiliesAndSeriesAreWrittenOnce()
    {
        var metrics = ParsedMetrics.Of(Write(Samples.Attached));

        Assert.All(metrics.Samples, sample => Assert.StartsWith("smm_agent_", sample.Name, StringComparison.Ordinal));
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
        Assert.Equal(Samples.Now.ToUnixTimeSeconds(), metrics["smm_agent_start_time_seconds"]);
        Assert.Equal(1.5, metrics["smm_agent_cpu_seconds_total"]);
        Assert.Equal(12_345_678, metrics["smm_agent_resident_memory_bytes"]);
        Assert.Equal(0, metrics["smm_agent_gateway_up{gateway=\"istio-meshexpansion\",address=\"13.48.73.61\",port=\"15012\"}"]);
        Assert.Equal(
            0.00314, metrics["smm_agent_gateway_connect_seconds{gateway=\"istio-meshexpansion\",address=\"13.48.73.62\",port=\"15012\"}"]);
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
        Assert.DoesNotContain(ParsedMetrics.Of(Write(Samples.Attached)).Types.Keys,
            family => family.EndsWith("_received_time_seconds", StringComparison.Ordinal));
        Assert.DoesNotContain("smm_agent_last_report_time_seconds", ParsedMetrics.Of(Write(Samples.Attached)).Types.Keys);
    }

    [Fact]
    public void AddressThatTwoNamesShareIsOneSeries()
    {
        var twice = Samples.Gateway("13.48.73.61", 15012);
        var snapshot = Samples.Attached with { Reachability = Samples.Attached.Reachability with { Gateways = [twice, twice] } };

        Assert.Single(ParsedMetrics.Of(Write(snapshot)).Samples, sample => sample.Name == "smm_agent_gateway_up");
    }

    [Fact]
    public void LabelValueCannotLeaveItsQuotes()
    {
        var odd = Samples.Gateway("a\"} 1\nsmm_agent_condition{x=\"\\", 15012);
        var snapshot = Samples.Attached with { Reachability = Samples.Attached.Reachability with { Gateways = [odd] } };

        var sample = Assert.Single(ParsedMetrics.Of(Write(snapshot)).Samples, sample => sample.Name == "smm_agent_gateway_up");
        Assert.Equal(odd.Address, sample.Labels["address"]);
    }

    private static string Write(AgentSnapshot snapshot) => MetricsText.Write(
        AgentStatusBuilder.Build(snapshot, Samples.Conditions(snapshot), new AgentInfo("0.1.0", null), Samples.Now), snapshot, Process);
}

/// <summary>A strict reader of Prometheus' text format, as promtool is.</summary>
internal sealed class ParsedMetrics
{
    private readonly HashSet<string> _helped = [];

    public Dictionary<string, string> Types { get; } = [];

    public List<(string Name, Dictionary<string, string> Labels, string Series, double Value)> Samples { get; } = [];

    public double this[string series] => Samples.Single(sample => sample.Series == series).Value;

    public static ParsedMetrics Of(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var parsed = new ParsedMetrics();
        var family = "";
        foreach (var line in text[..^1].Split('\n'))
        {
            switch (line.Split(' ', 4))
            {
                case ["#", "HELP", var name, { Length: > 0 }]:
                    Assert.True(parsed._helped.Add(name), $"{name} is helped twice");
                    break;
                case ["#", "TYPE", var name, "gauge" or "counter"]:
                    Assert.Contains(name, parsed._helped);
                    parsed.Types.Add(name, line.Split(' ')[3]);
                    family = name;
                    break;
                default:
                    parsed.Sample(line, family);
                    break;
            }
        }

        return parsed;
    }

    private void Sample(string line, string family)
    {
        var position = line.IndexOfAny(['{', ' ']);
        var name = line[..position];
        Assert.Equal(family, name);
        var labels = new Dictionary<string, string>();
        if (line[position] == '{')
        {
            do
            {
                var equals = line.IndexOf('=', position);
                var label = line[(position + 1)..equals];
                Assert.Matches("^[a-z_]+$", label);
                (var value, position) = Quoted(line, equals + 1);
                labels.Add(label, value);
            }
            while (line[position] == ',');
            Assert.Equal('}', line[position++]);
        }

        Assert.Equal(' ', line[position]);
        Samples.Add((name, labels, line[..position], double.Parse(line[position..], NumberStyles.Float, CultureInfo.InvariantCulture)));
    }

    private static (string Value, int Next) Quoted(string line, int position)
    {
        Assert.Equal('"', line[position]);
        var value = "";
        while (line[++position] != '"')
            value += line[position] != '\\' ? line[position] : line[++position] switch { 'n' => '\n', var c => c };
        return (value, position + 1);
    }
}
