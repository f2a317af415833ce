namespace SmmAgent.Tests.Docs;

/// <summary>Every Markdown page has one title, resolving links, languages for its code, and lines that fit.</summary>
public sealed class MarkdownTests
{
    private const int LongestLine = 140;

    private static readonly Dictionary<string, MarkdownPage> Pages =
        RepositoryFiles.Markdown.Select(file => new MarkdownPage(file)).ToDictionary(page => page.Path, StringComparer.Ordinal);

    [Fact]
    public void EveryRelativeLinkResolves() => RepositoryFiles.AssertNone(
        from page in Pages.Values
        from link in page.Links
        where !link.Target.Contains(':', StringComparison.Ordinal) && !Resolves(page, link.Target)
        select $"{page.Path}:{link.Number}: {link.Target}");

    [Fact]
    public void EveryPageHasOneTitleAndSkipsNoHeadingLevel() => RepositoryFiles.AssertNone(
        from page in Pages.Values
        let levels = page.Headings.Select(heading => heading.Level).ToList()
        where levels.Count(level => level == 1) != 1 || levels[0] != 1
        || levels.Zip(levels.Skip(1)).Any(pair => pair.Second > pair.First + 1)
        select page.Path);

    [Fact]
    public void EveryFencedBlockNamesItsLanguage() => RepositoryFiles.AssertNone(
        from page in Pages.Values
        from number in page.FencesWithoutLanguage
        select $"{page.Path}:{number}");

    [Fact]
    public void LinesOfProseFit() => RepositoryFiles.AssertNone(
        from page in Pages.Values
        from line in page.Prose
        where line.Text.Length > LongestLine && !line.Text.StartsWith('|') && !EndsInOneLongWord(line.Text)
        select $"{page.Path}:{line.Number}: {line.Text.Length}");

    [Fact]
    public void TheIndexLinksToEveryPageOfDocs()
    {
        var linked = Pages["docs/README.md"].Links.Concat(Pages["docs/decisions/README.md"].Links).Select(link => link.Target.Split('#')[0])
            .ToHashSet();

        RepositoryFiles.AssertNone(Pages.Keys
            .Where(path => path.StartsWith("docs/", StringComparison.Ordinal) && !path.EndsWith("/README.md", StringComparison.Ordinal))
            .Select(path => Path.GetFileName(path)).Except(linked));
    }

    // A link or a command that does not fit into a line cannot be broken.
    private static bool EndsInOneLongWord(string line) =>
        line.LastIndexOf(' ') is var space && (space < 0 || line[..space].TrimEnd().Length < LongestLine / 2);

    private static bool Resolves(MarkdownPage page, string target)
    {
        var parts = target.Split('#');
        var path = parts[0].Length == 0 ? page.Path : Path.GetRelativePath(".", Path.Combine(Path.GetDirectoryName(page.Path)!, parts[0]));
        if (parts.Length == 2)
            return Pages.TryGetValue(path, out var other) && other.Anchors.Contains(parts[1]);

        var full = Repository.PathOf(path);
        return File.Exists(full) || Directory.Exists(full);
    }
}
