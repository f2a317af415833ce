namespace SmmAgent.Core.Yaml;

/// <summary>
/// The possible edits that remove a key from a YAML text, the best first. An edit may be wrong: <see cref="YamlEdit"/> checks it.
/// </summary>
internal static class YamlRemoval
{
    public static IEnumerable<string> For(string text, string section, string key)
    {
        if (YamlPlace.Root(text) is not { } root)
            return [];
        if (section.Length == 0)
            return root.Find(key) is { } top ? Without(text, root, top) : [];
        if (root.Find(section) is not { } parent || parent.Value.Find(key) is not { } member)
            return [];

        var inside = Without(text, parent.Value, member);
        // The name of a section without other keys and comments is of no use.
        return parent.Value.Members.Count == 1
            && !text.AsSpan(parent.KeyAt.Start, End(text, root, parent) - parent.KeyAt.Start).Contains('#')
            ? Without(text, root, parent).Concat(inside)
            : inside;
    }

    private static IEnumerable<string> Without(string text, YamlPlace section, YamlPlaceMember member)
    {
        var at = section.Members.TakeWhile(one => one != member).Count();
        if (!section.IsFlow)
            yield return WithoutLines(text, member);
        else if (at > 0)
            yield return text.Remove(EndOf(section.Members[at - 1]), EndOf(member) - EndOf(section.Members[at - 1]));
        else if (section.Members.Count > 1)
            yield return text.Remove(member.KeyAt.Start, section.Members[1].KeyAt.Start - member.KeyAt.Start);
        else
            yield return text.Remove(section.Start + 1, section.End - section.Start - 2);
    }

    // A comment behind the value may explain more than the value, so it becomes a line of its own.
    private static string WithoutLines(string text, YamlPlaceMember member)
    {
        var start = member.KeyAt.Start;
        while (start > 0 && !IsBreak(text[start - 1]))
            start--;
        var end = EndOfLine(text, EndOf(member));
        var rest = text[EndOf(member)..end].TrimStart(' ', '\t', ':');
        if (rest.StartsWith('#'))
            return text[..member.KeyAt.Start] + rest + text[end..];

        if (end < text.Length)
            end += text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1;
        return text.Remove(start, end - start);
    }

    // With the line of the end.
    private static int End(string text, YamlPlace root, YamlPlaceMember section) =>
        root.Members.SkipWhile(one => one != section).Skip(1).FirstOrDefault()?.KeyAt.Start ?? text.Length;

    private static int EndOf(YamlPlaceMember member) => Math.Max(member.KeyAt.End, member.Value.End);

    private static int EndOfLine(string text, int from)
    {
        var at = text.AsSpan(from).IndexOfAny('\r', '\n');
        return at < 0 ? text.Length : from + at;
    }

    private static bool IsBreak(char c) => c is '\r' or '\n';
}
