using System.Globalization;
using System.Text.RegularExpressions;

namespace SmmAgent.Tests.Docs;

/// <summary>Each decision has the same sections, and the index lists all of them.</summary>
public sealed partial class DecisionTests
{
    private static readonly string[] Required = ["Status", "Date", "Context", "Decision", "Consequences"];

    private static readonly IReadOnlyList<MarkdownPage> Decisions =
        [.. RepositoryFiles.Markdown.Where(file => Numbered().IsMatch(file.Path)).Select(file => new MarkdownPage(file))];

    [Fact]
    public void EveryDecisionHasTheRequiredSectionsInOrder() => Assert.All(
        Decisions,
        page => Assert.Equal(Required,
            page.Headings.Where(heading => heading.Level == 2).Select(heading => heading.Title).Where(Required.Contains)));

    [Fact]
    public void EveryStatusAndDateCanBeRead() => Assert.All(Decisions, page =>
    {
        Assert.Matches("^(Accepted|Superseded by \\[)", Below(page, "## Status"));
        Assert.True(DateOnly.TryParseExact(Below(page, "## Date"), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            page.Path);
    });

    [Fact]
    public void TheIndexHasEveryTitle()
    {
        var index = string.Join('\n', RepositoryFiles.Markdown.Single(file => file.Path == "docs/decisions/README.md").Lines);

        Assert.All(Decisions, page => Assert.Contains(
            $"[{page.Headings[0].Title}]({Path.GetFileName(page.Path)})", index, StringComparison.Ordinal));
    }

    [Fact]
    public void NumbersAreConsecutive() => Assert.Equal(
        Enumerable.Range(1, Decisions.Count).Select(number => number.ToString("0000", CultureInfo.InvariantCulture)),
        Decisions.Select(page => Path.GetFileName(page.Path)[..4]));

    private static string Below(MarkdownPage page, string heading) =>
        page.Prose.SkipWhile(line => line.Text != heading).Skip(1).First(line => line.Text.Length > 0).Text;

    [GeneratedRegex(@"^docs/decisions/\d{4}-[a-z0-9-]+\.md$")]
    private static partial Regex Numbered();
}
