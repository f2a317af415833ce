using System.Text.Json.Nodes;
using SmmAgent.Tests.Docs;

namespace SmmAgent.Tests.Observability;

/// <summary>The dashboard for Grafana.</summary>
public sealed class GrafanaTests
{
    private static readonly JsonNode Dashboard =
        JsonNode.Parse(File.ReadAllText(Repository.PathOf("deploy", "observability", "grafana", "smm-agent.json")))!;

    private static readonly List<JsonNode> Panels = [.. Dashboard["panels"]!.AsArray().Select(panel => panel!)];

    private static IEnumerable<string> Queries => Panels
        .SelectMany(panel => panel["targets"]?.AsArray() ?? [])
        .Select(target => (string)target!["expr"]!)
        .Concat(Dashboard["templating"]!["list"]!.AsArray().Select(variable => (string?)variable!["definition"]).OfType<string>());

    [Fact]
    public void EveryQueryUsesMetricsThatExist()
    {
        Assert.All(Queries, query => Assert.Matches("(smm_agent|smm_dashboard|process)_|^sum\\(up\\{", query));
        RepositoryFiles.AssertNone(Queries.SelectMany(MetricNames.UnknownIn));
    }

    [Fact]
    public void EveryQueryIsValid()
    {
        Assert.SkipWhen(Promtool.Missing is not null, Promtool.Missing ?? "");
        var rules = string.Concat(Queries.Where(query => !query.StartsWith("label_values(", StringComparison.Ordinal)).Select((query, at) =>
            $"  - record: query_{at}\n    expr: '{query.Replace("$__rate_interval", "5m", StringComparison.Ordinal)}'\n"));
        using var folder = new TemporaryFolder();
        var path = folder.Write("queries.yaml", $"groups:\n- name: queries\n  rules:\n{rules}");

        var (exitCode, output) = Promtool.Run("", "check", "rules", path);

        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void EveryPanelHasATitleADescriptionAndThePickedDataSource() => Assert.All(
        Panels.Where(panel => (string)panel["type"]! != "row"),
        panel =>
        {
            Assert.NotEmpty((string)panel["title"]!);
            Assert.NotEmpty((string)panel["description"]!);
            Assert.Equal("${datasource}", (string)panel["datasource"]!["uid"]!);
            Assert.NotEmpty(panel["targets"]!.AsArray());
            Assert.All(panel["targets"]!.AsArray(), target => Assert.Equal("${datasource}", (string)target!["datasource"]!["uid"]!));
        });

    [Fact]
    public void PanelsHaveTheirOwnIdsAndDoNotOverlap()
    {
        Assert.Equal(Panels.Count, Panels.Select(panel => (int)panel["id"]!).Distinct().Count());
        var cells = Panels.SelectMany(panel =>
        {
            var place = panel["gridPos"]!;
            return from x in Enumerable.Range((int)place["x"]!, (int)place["w"]!)
                   from y in Enumerable.Range((int)place["y"]!, (int)place["h"]!)
                   select (x, y);
        }).ToList();
        Assert.Equal(cells.Count, cells.Distinct().Count());
        Assert.All(cells, cell => Assert.InRange(cell.x, 0, 23));
    }
}
