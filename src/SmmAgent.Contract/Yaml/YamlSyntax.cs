namespace SmmAgent.Contract.Yaml;

/// <summary>
/// Where a text is not valid YAML, as an editor numbers the lines. The parser names the start of what it was reading, which may be lines
/// before.
/// </summary>
public static class YamlSyntax
{
    /// <summary>The line of a syntax error, counted from 1.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="message">The parser's message.</param>
    /// <param name="start">The line where the parser says that the fault begins.</param>
    /// <param name="end">The line where it says that the fault ends.</param>
    public static int Line(string text, string message, int start, int end)
    {
        if (!message.Contains(" tab ", StringComparison.Ordinal))
            return start;

        // In a mapping the parser names the mapping; elsewhere the end is the tab itself.
        return end > start ? end : TabIndented(text, start) ?? start;
    }

    /// <summary>What is wrong with a list or a section in brackets that has no end.</summary>
    public static string NotClosed(char bracket) => $"the '{bracket}' has no closing '{(bracket == '[' ? ']' : '}')}'";

    private static int? TabIndented(string text, int from)
    {
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            var content = line.TrimStart(" \t");
            if (number >= from && content is not ([] or ['#', ..]) && line[..^content.Length].Contains('\t'))
                return number;
        }

        return null;
    }
}
