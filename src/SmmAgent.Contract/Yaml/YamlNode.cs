namespace SmmAgent.Contract.Yaml;

/// <summary>The kind of a node of a YAML document.</summary>
public enum YamlKind
{
    /// <summary>A plain scalar that is empty, <c>~</c> or <c>null</c>.</summary>
    Empty,

    /// <summary>Any other scalar.</summary>
    Text,

    /// <summary>A list.</summary>
    List,

    /// <summary>A section of keys and values.</summary>
    Section,
}

/// <summary>One node of a YAML document and the line that it begins in.</summary>
/// <param name="Kind">The kind of the node.</param>
/// <param name="Line">Counted from 1.</param>
/// <param name="Text">The text of a scalar.</param>
/// <param name="Quoted">Whether the scalar was written in quotes or as a block, so that it is never a number or a Boolean.</param>
/// <param name="Items">The items of a list.</param>
/// <param name="Members">The members of a section, duplicates included.</param>
public sealed record YamlNode(
    YamlKind Kind, int Line, string Text, bool Quoted, IReadOnlyList<YamlNode> Items, IReadOnlyList<YamlMember> Members)
{
    /// <summary>A scalar.</summary>
    public static YamlNode Scalar(int line, string text, bool quoted) =>
        new(!quoted && text is "" or "~" or "null" ? YamlKind.Empty : YamlKind.Text, line, text, quoted, [], []);

    /// <summary>A list.</summary>
    public static YamlNode List(int line, IReadOnlyList<YamlNode> items) => new(YamlKind.List, line, "", false, items, []);

    /// <summary>A section.</summary>
    public static YamlNode Section(int line, IReadOnlyList<YamlMember> members) => new(YamlKind.Section, line, "", false, [], members);
}

/// <summary>A key of a section with its value.</summary>
/// <param name="Key">The key's text.</param>
/// <param name="Line">The key's line.</param>
/// <param name="Value">Its value.</param>
public sealed record YamlMember(string Key, int Line, YamlNode Value);
