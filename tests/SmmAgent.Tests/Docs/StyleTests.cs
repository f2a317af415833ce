using System.Text.RegularExpressions;

namespace SmmAgent.Tests.Docs;

/// <summary>
/// The style rules of CONTRIBUTING.md that a program can check. The limits are for texts that are older than the rule: they only go down.
/// </summary>
public sealed partial class StyleTests
{
    private const int LongestLine = 140;

    [Theory]
    [InlineData("src", 0)]
    [InlineData("tests", 0)]
    public void LinesOfCodeFit(string area, int allowed)
    {
        var tooLong = RepositoryFiles.Sources(area).SelectMany(WithoutRawStrings)
            .Where(line => line.Text.Length > LongestLine).Select(line => line.Where).ToList();

        Assert.True(tooLong.Count <= allowed,
            $"{tooLong.Count} lines are longer than {LongestLine}, {allowed} are allowed:\n{string.Join('\n', tooLong)}");
    }

    [Theory]
    [InlineData("src", 0)]
    [InlineData("tests", 0)]
    [InlineData("packaging", 0)]
    [InlineData("deploy", 0)]
    public void TextsUsePlainWords(string area, int allowed)
    {
        var found = Lines(RepositoryFiles.Below(area, ".cs", ".8", ".5", ".sh", ".service", ".path", ".timer", ".yaml"))
            .SelectMany(line => Refused().Matches(line.Text).Select(word => $"{line.Where}: '{word.Value}'"))
            .ToList();

        Assert.True(found.Count <= allowed,
            $"{found.Count} words that CONTRIBUTING.md refuses, {allowed} are allowed:\n{string.Join('\n', found)}");
    }

    [Fact]
    public void MarkdownUsesPlainWords() => RepositoryFiles.AssertNone(
        from file in RepositoryFiles.Markdown
        where file.Path != "CONTRIBUTING.md" // it lists the words
        from line in new MarkdownPage(file).Prose
        from word in Refused().Matches(CodeSpan().Replace(line.Text, "")).Select(match => match.Value)
        select $"{file.Path}:{line.Number}: '{word}'");

    // A raw string is a document of another format, which may have no place to break a line.
    private static IEnumerable<(string Where, string Text)> WithoutRawStrings(RepositoryFile file)
    {
        var isInside = false;
        foreach (var (index, text) in file.Lines.Index())
        {
            var marks = text.Split("\"\"\"").Length - 1;
            if (!isInside && marks == 0)
                yield return ($"{file.Path}:{index + 1}", text);
            isInside ^= marks % 2 == 1;
        }
    }

    private static IEnumerable<(string Where, string Text)> Lines(IEnumerable<RepositoryFile> files) =>
        from file in files
        where !file.Path.EndsWith("Docs/StyleTests.cs", StringComparison.Ordinal) // it lists the words
        from line in file.Lines.Index()
        select ($"{file.Path}:{line.Index + 1}", line.Item);

    // There is a user called nobody.
    [GeneratedRegex(
        @"\b((?<![=""$.]|user |chgrp | of |\[\.\. )nobody(?!["":=.\]]| =)|somebody else|whoever|whomever|told|tells|root's part"
        + @"|as far as|half-way|by itself|by themselves|mended|mends|cured|from time to time|stays so|is to be|are to be"
        + @"|whatever|looks? after|thrown away|lies (?:in|at|below)|the looks?|a look at|farewell)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Refused();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex CodeSpan();
}
