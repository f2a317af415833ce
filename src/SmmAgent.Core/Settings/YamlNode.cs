namespace SmmAgent.Core.Settings;

internal enum YamlKind
{
    Empty,
    Text,
    List,
    Section,
}

/// <summary>One node of agent.yaml and the line that it begins in.</summary>
/// <param name="Text">The text of a scalar.</param>
/// <param name="Quoted">Whether the scalar was written in quotes: then it is never a number or a truth value.</param>
/// <param name="Items">The items of a list.</param>
/// <param name="Members">The members of a section, duplicates included.</param>
internal sealed record YamlNode(
    YamlKind Kind, int Line, string Text, bool Quoted, IReadOnlyList<YamlNode> Items, IReadOnlyList<YamlMember> Members)
{
    public static YamlNode Scalar(int line, string text, bool quoted) =>
        new(!quoted && text is "" or "~" or "null" ? YamlKind.Empty : YamlKind.Text, line, text, quoted, [], []);

    public static YamlNode List(int line, IReadOnlyList<YamlNode> items) => new(YamlKind.List, line, "", false, items, []);

    public static YamlNode Section(int line, IReadOnlyList<YamlMember> members) => new(YamlKind.Section, line, "", false, [], members);
}

internal sealed record YamlMember(string Key, int Line, YamlNode Value);
