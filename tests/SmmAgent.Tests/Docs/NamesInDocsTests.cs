using System.Text.RegularExpressions;

namespace SmmAgent.Tests.Docs;

/// <summary>The pages for developers name only paths and types that exist.</summary>
public sealed partial class NamesInDocsTests
{
    private static readonly string[] ForDevelopers =
        ["CONTRIBUTING.md", "RELEASING.md", "docs/architecture.md", "docs/testing.md", "docs/fuzzing.md", "packaging/README.md"];

    [Fact]
    public void EveryPathExists() => RepositoryFiles.AssertNone(
        from span in Spans()
        where RepositoryPath().IsMatch(span.Text) && !Placeholder().IsMatch(span.Text)
        let path = Repository.PathOf(span.Text)
        where !File.Exists(path) && !Directory.Exists(path)
        select $"{span.Where}: {span.Text}");

    [Fact]
    public void EveryTypeExists()
    {
        var words = RepositoryFiles.Sources("src").Concat(RepositoryFiles.Sources("tests"))
            .Where(file => !file.Path.EndsWith("StyleTests.cs", StringComparison.Ordinal))
            .SelectMany(file => file.Lines).SelectMany(line => Word().Matches(line)).Select(match => match.Value).ToHashSet();

        RepositoryFiles.AssertNone(
            from span in Spans()
            where TypeName().IsMatch(span.Text)
            from name in Word().Matches(span.Text).Select(match => match.Value)
            where name.Length > 1 && !words.Contains(name)
            select $"{span.Where}: {span.Text}");
    }

    private static IEnumerable<(string Where, string Text)> Spans() =>
        from file in RepositoryFiles.Markdown
        where ForDevelopers.Contains(file.Path)
        from line in new MarkdownPage(file).Prose
        from match in CodeSpan().Matches(line.Text)
        select ($"{file.Path}:{line.Number}", match.Groups[1].Value);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"^(?:src|tests|docs|packaging|deploy|\.github)/[\w./-]+$")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex("[A-Z]{4,}$")]
    private static partial Regex Placeholder();

    // Names that begin with Smm are projects.
    [GeneratedRegex(@"^(?!Smm)[A-Z][a-z]+[A-Z]\w+(?:<T>)?(?:\.[A-Z]\w+)?$")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();
}
