using System.Text.RegularExpressions;

namespace SmmAgent.Tests.Docs;

/// <summary>A Markdown page: its headings with their anchors, its links, and the lines that are prose.</summary>
internal sealed partial class MarkdownPage
{
    private readonly List<(int Number, string Text)> _prose = [];
    private readonly List<(int Level, string Title)> _headings = [];

    public MarkdownPage(RepositoryFile file)
    {
        Path = file.Path;
        var fence = "";
        for (var i = 0; i < file.Lines.Count; i++)
        {
            var line = file.Lines[i];
            if (Fence().Match(line) is { Success: true } match)
            {
                if (fence.Length == 0 && match.Groups["language"].Length == 0)
                    FencesWithoutLanguage.Add(i + 1);
                fence = fence.Length == 0 ? match.Groups["fence"].Value : match.Groups["fence"].Value == fence ? "" : fence;
            }
            else if (fence.Length == 0 && !line.StartsWith("    ", StringComparison.Ordinal))
            {
                _prose.Add((i + 1, line));
                if (Heading().Match(line) is { Success: true } heading)
                    _headings.Add((heading.Groups["marks"].Length, heading.Groups["title"].Value));
            }
        }
    }

    public string Path { get; }

    public List<int> FencesWithoutLanguage { get; } = [];

    /// <summary>Lines outside of code blocks, with their numbers.</summary>
    public IReadOnlyList<(int Number, string Text)> Prose => _prose;

    public IReadOnlyList<(int Level, string Title)> Headings => _headings;

    /// <summary>The anchors as GitHub makes them: lower case, hyphens for spaces, no punctuation, a number behind a repeated one.</summary>
    public IEnumerable<string> Anchors => _headings
        .Select(heading => NotInAnchor().Replace(heading.Title.ToLowerInvariant(), "").Replace(' ', '-'))
        .GroupBy(anchor => anchor)
        .SelectMany(same => same.Select((anchor, index) => index == 0 ? anchor : $"{anchor}-{index}"));

    /// <summary>The targets of links, with the number of the line, code spans excepted.</summary>
    public IEnumerable<(int Number, string Target)> Links => _prose.SelectMany(
        line => Link().Matches(CodeSpan().Replace(line.Text, "")).Select(match => (line.Number, match.Groups["target"].Value)));

    [GeneratedRegex("^ *(?<fence>```+)(?<language>[a-z]*)")]
    private static partial Regex Fence();

    [GeneratedRegex("^(?<marks>#+) (?<title>.+)$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`(?!\\])")]
    private static partial Regex CodeSpan();
}
