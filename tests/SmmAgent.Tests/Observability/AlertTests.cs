using System.Text.RegularExpressions;
using SmmAgent.Tests.Docs;

namespace SmmAgent.Tests.Observability;

/// <summary>The alert rules of deploy/observability and their scrape configuration.</summary>
public sealed partial class AlertTests
{
    private static readonly string Folder = Repository.PathOf("deploy", "observability", "prometheus");

    private static string Rules => File.ReadAllText(Path.Combine(Folder, "alerts.yaml"));

    [Fact]
    public void PromtoolAcceptsRulesAndScrapeConfiguration()
    {
        Assert.SkipWhen(Promtool.Missing is not null, Promtool.Missing ?? "");
        var (rules, output) = Promtool.Run("", "check", "rules", Path.Combine(Folder, "alerts.yaml"));
        Assert.True(rules == 0, output);

        (var scrape, output) = Promtool.Run("", "check", "config", "--syntax-only", Path.Combine(Folder, "scrape.yaml"));

        Assert.True(scrape == 0, output);
    }

    [Fact]
    public void ScrapeConfigurationsLimitWhatAVmSendsAndDistinguishVmsOfOneName()
    {
        var scrape = File.ReadAllText(Path.Combine(Folder, "scrape.yaml"));
        var agents = scrape[..scrape.IndexOf("- job_name: smm-dashboard", StringComparison.Ordinal)];
        var manifest = File.ReadAllText(Repository.PathOf("deploy", "observability", "kubernetes", "scrape-config.yaml"));

        Assert.Contains("\n  follow_redirects: false\n", agents, StringComparison.Ordinal);
        Assert.Matches("\n  body_size_limit: [0-9]+MB\n", agents);
        foreach (var (name, field) in ((string, string)[])[
            ("sample_limit", "sampleLimit"), ("label_limit", "labelLimit"), ("label_name_length_limit", "labelNameLengthLimit"),
            ("label_value_length_limit", "labelValueLengthLimit")])
        {
            var limit = Regex.Match(agents, $"\n  {name}: ([0-9]+)\n").Groups[1].Value;
            Assert.NotEmpty(limit);
            Assert.Contains($"\n  {field}: {limit}\n", manifest, StringComparison.Ordinal);
        }

        Assert.Contains("{ source_labels: [__meta_smm_uuid], regex: (.+), target_label: uuid }", agents, StringComparison.Ordinal);
        Assert.Contains("{ sourceLabels: [__meta_smm_uuid], regex: (.+), targetLabel: uuid }", manifest, StringComparison.Ordinal);
    }

    [Fact]
    public void AlertsAreRaisedForWhatIsBadAndNotForWhatIsGood()
    {
        Assert.SkipWhen(Promtool.Missing is not null, Promtool.Missing ?? "");

        var (exitCode, output) = Promtool.Run("", "test", "rules", Path.Combine(Folder, "alerts.test.yaml"));

        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void EveryAlertHasATestThatExpectsIt()
    {
        var tests = File.ReadAllText(Path.Combine(Folder, "alerts.test.yaml"));

        RepositoryFiles.AssertNone(Alert().Matches(Rules).Select(match => match.Groups[1].Value)
            .Where(alert => !tests.Contains($"labels: 'ALERTS{{alertname=\"{alert}\",", StringComparison.Ordinal)));
    }

    [Fact]
    public void EveryAlertHasARunbookThatExists()
    {
        var pages = RepositoryFiles.Markdown.Select(file => new MarkdownPage(file)).ToDictionary(page => page.Path, StringComparer.Ordinal);
        var alerts = Rules.Split("- alert: ").Skip(1).ToList();

        Assert.All(alerts, alert =>
        {
            var runbook = Runbook().Match(alert).Groups[1].Value.Split('#');
            Assert.Contains(runbook[0], pages.Keys);
            if (runbook.Length == 2)
                Assert.Contains(runbook[1], pages[runbook[0]].Anchors);
            Assert.Matches("severity: (warning|critical)", alert);
        });
    }

    [Fact]
    public void EveryAlertIsDocumented()
    {
        var page = File.ReadAllText(Repository.PathOf("docs", "monitoring.md"));

        RepositoryFiles.AssertNone(Alert().Matches(Rules).Select(match => match.Groups[1].Value)
            .Where(alert => !page.Contains($"| `{alert}` |", StringComparison.Ordinal)));
    }

    [Fact]
    public void AlertsUseMetricsThatExist() => RepositoryFiles.AssertNone(MetricNames.UnknownIn(Rules));

    [Fact]
    public void RulesOfTheOperatorAreTheSame()
    {
        var manifest = File.ReadAllText(Repository.PathOf("deploy", "observability", "kubernetes", "prometheus-rule.yaml"));
        var groups = Rules[Rules.IndexOf("groups:", StringComparison.Ordinal)..];
        var lines = groups.Split('\n').Select(line => line.Length == 0 ? "" : $"  {line}");

        Assert.Equal(string.Join('\n', lines), manifest[(manifest.IndexOf("spec:\n", StringComparison.Ordinal) + "spec:\n".Length)..]);
    }

    [GeneratedRegex("- alert: (\\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex("runbook: (\\S+)")]
    private static partial Regex Runbook();
}
