namespace SmmAgent.Core.Yaml;

/// <summary>
/// The possible edits that set a value in a YAML text, the best first. An edit may be wrong: <see cref="YamlEdit"/> checks it.
/// </summary>
internal static class YamlProposals
{
    public static IEnumerable<string> For(string text, SettingChange change)
    {
        var root = YamlPlace.Root(text);
        var pair = $"{change.Key}: {change.Written}";
        if (change.Section.Length == 0)
            return OutsideSections(text, root, change, pair);
        if (root is null || root.Members.Count == 0)
            return root?.IsFlow == true ? IntoFlow(text, root, $"{change.Section}: {{{pair}}}") : Alone(text, change, pair);
        if (root.Find(change.Section) is not { } section)
            return root.IsFlow ? IntoFlow(text, root, $"{change.Section}: {{{pair}}}") : NewSection(text, root, change, pair);
        if (section.Value.Find(change.Key) is { } member)
            return [Replaced(text, member, change.Written)];
        if (section.Value.IsFlow)
            return IntoFlow(text, section.Value, pair);
        return section.Value.Members.Count > 0 || section.Value.IsEmpty
            ? IntoBlock(text, root, section, change, pair)
            : [Replaced(text, section, $"{{{pair}}}")];
    }

    private static IEnumerable<string> OutsideSections(string text, YamlPlace? root, SettingChange change, string pair)
    {
        if (root?.IsFlow == true)
            return root.Find(change.Key) is { } inFlow ? [Replaced(text, inFlow, change.Written)] : IntoFlow(text, root, pair);
        if (root is null || root.Members.Count == 0)
            return [AtTheEnd(text, pair), AtTheEnd("", pair).ReplaceLineEndings(NewLine(text)) + text];
        if (root.Find(change.Key) is { } member)
            return [Replaced(text, member, change.Written)];

        var column = Column(text, root.Start);
        // The document may end with a "..." marker.
        return [AtTheEnd(text, new string(' ', column) + pair), Line(text, EndOfLine(text, root.Members[^1].Value.End), column, pair)];
    }

    private static string Replaced(string text, YamlPlaceMember member, string value)
    {
        if (!member.Value.IsEmpty)
            return string.Concat(text.AsSpan(0, member.Value.Start), value, text.AsSpan(member.Value.End));

        var colon = text.IndexOf(':', member.KeyAt.End);
        return colon < 0 ? text : text.Insert(colon + 1, " " + value);
    }

    private static IEnumerable<string> IntoFlow(string text, YamlPlace flow, string pair)
    {
        if (flow.Members.Count > 0)
            yield return text.Insert(flow.Members[^1].Value.End, ", " + pair);
        var brace = text.IndexOf('{', flow.Start);
        if (brace >= 0)
            yield return text.Insert(brace + 1, flow.Members.Count > 0 ? pair + ", " : pair);
    }

    private static IEnumerable<string> IntoBlock(string text, YamlPlace root, YamlPlaceMember section, SettingChange change, string pair)
    {
        var members = section.Value.Members;
        var outer = Column(text, root.Start);
        var column = members.Count > 0 ? Column(text, members[0].KeyAt.Start) : outer + 2;
        // A commented-out key marks the place where the author expects the key.
        if (CommentedOut(text, root, section, change.Key) is var (end, indent))
            yield return Line(text, end, members.Count > 0 || indent <= outer ? column : indent, pair);
        if (members.Count > 0)
            yield return Line(text, EndOfLine(text, members[^1].Value.End), column, pair);
        yield return Line(text, EndOfLine(text, section.KeyAt.End), column, pair);
        if (members.Count == 0)
            yield return Replaced(text, section, $"{{{pair}}}");
    }

    private static IEnumerable<string> NewSection(string text, YamlPlace root, SettingChange change, string pair)
    {
        var column = Column(text, root.Start);
        yield return AtTheEnd(text, column, change, pair);
        // The document may end with a "..." marker.
        yield return Behind(text, root.Members[^1].Value.End, column, change, pair);
    }

    private static IEnumerable<string> Alone(string text, SettingChange change, string pair)
    {
        yield return AtTheEnd(text, 0, change, pair);
        var begin = text.LastIndexOf("---", StringComparison.Ordinal);
        if (begin >= 0)
            yield return Behind(text, begin, 0, change, pair);
        yield return AtTheEnd("", 0, change, pair).ReplaceLineEndings(NewLine(text)) + text;
    }

    private static string Behind(string text, int at, int column, SettingChange change, string pair)
    {
        var end = EndOfLine(text, at);
        return Line(Line(text, end, column + 2, pair), end, column, change.Section + ":");
    }

    private static string AtTheEnd(string text, int column, SettingChange change, string pair)
    {
        var indent = new string(' ', column);
        return AtTheEnd(text, $"{indent}{change.Section}:{NewLine(text)}{indent}  {pair}");
    }

    private static string AtTheEnd(string text, string lines)
    {
        var newLine = NewLine(text);
        var begin = text.Length == 0 || IsBreak(text[^1]) ? "" : newLine;
        return $"{text}{begin}{lines}{newLine}";
    }

    /// <summary>Inserts a line after the line that ends at <paramref name="end"/>.</summary>
    private static string Line(string text, int end, int column, string line) =>
        text.Insert(end, NewLine(text) + new string(' ', column) + line);

    private static (int End, int Indent)? CommentedOut(string text, YamlPlace root, YamlPlaceMember section, string key)
    {
        var next = root.Members.SkipWhile(member => member != section).Skip(1).FirstOrDefault()?.KeyAt.Start ?? text.Length;
        for (var end = EndOfLine(text, section.KeyAt.End); end < next;)
        {
            var start = end + 1;
            end = EndOfLine(text, start);
            var line = text.AsSpan(start, end - start);
            var words = line.TrimStart(' ');
            if (words.StartsWith('#') && words.TrimStart("# ").StartsWith(key + ":", StringComparison.Ordinal))
                return (end, line.Length - words.Length);
        }

        return null;
    }

    private static string NewLine(string text)
    {
        var at = text.AsSpan().IndexOfAny('\r', '\n');
        return at < 0 || text[at] == '\n' ? "\n" : at + 1 < text.Length && text[at + 1] == '\n' ? "\r\n" : "\r";
    }

    private static int EndOfLine(string text, int from)
    {
        from = Math.Min(from, text.Length);
        var at = text.AsSpan(from).IndexOfAny('\r', '\n');
        return at < 0 ? text.Length : from + at;
    }

    private static int Column(string text, int at)
    {
        var column = 0;
        while (at - column > 0 && !IsBreak(text[at - column - 1]))
            column++;
        return column;
    }

    private static bool IsBreak(char c) => c is '\r' or '\n';
}
