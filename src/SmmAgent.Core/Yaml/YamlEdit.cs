using SmmAgent.Contract.Yaml;

namespace SmmAgent.Core.Yaml;

/// <summary>One key of one section and its new value.</summary>
/// <param name="Section">The section; empty for a top-level key.</param>
/// <param name="IsBare">Whether the value is never quoted: <c>true</c>, <c>false</c>, a uuid.</param>
public sealed record SettingChange(string Section, string Key, string Value, bool IsBare = false)
{
    /// <summary>Whether the key is removed, and has no value afterwards.</summary>
    public bool IsRemoval { get; init; }

    public string Path => Section.Length == 0 ? Key : $"{Section}.{Key}";

    public static SettingChange Remove(string section, string key) => new(section, key, "", IsBare: true) { IsRemoval = true };

    internal string ByHand => Section.Length == 0 ? $"{Key}: {Written}" : $"{Section}: {{{Key}: {Written}}}";

    internal string Written => IsBare ? Value : YamlScalar.FormatSetting(Value);

    internal bool IsIn(YamlNode node) => node.Kind == YamlKind.Text && node.Text == Value && !(IsBare && node.Quoted);
}

/// <summary>Changes one value in a YAML text and leaves every other character as it is.</summary>
/// <remarks>
/// YAML can be written in many ways, so each edit is only a proposal. The edited text is parsed again and accepted if the key has the
/// new value and nothing else has changed.
/// </remarks>
public static class YamlEdit
{
    /// <returns>The new text (unchanged if it already has the value), or the reason why it could not be edited.</returns>
    public static (string? Text, string? Reason) Set(string text, SettingChange change)
    {
        if (change.IsRemoval)
            return Remove(text, change.Section, change.Key);

        var (before, fault) = YamlReader.Parse(text, YamlLimits.Agent);
        if (before is null)
            return (null, $"{fault}; fix that first");
        if (Misplaced(before, change) is { } reason)
            return (null, reason);

        var section = change.Section.Length == 0 ? before : before.Members.FirstOrDefault(member => member.Key == change.Section)?.Value;
        if (section?.Members.FirstOrDefault(member => member.Key == change.Key) is { } member && change.IsIn(member.Value))
            return (text, null);
        var edited = YamlProposals.For(text, change).FirstOrDefault(proposal => IsRight(before, proposal, change));
        return edited is null
            ? (null, $"{change.Path} cannot be put into a file that is written like this one; add it by hand: {change.ByHand}")
            : (edited, null);
    }

    /// <summary>Removes a key with its value. Comments and other keys stay.</summary>
    /// <returns>The new text (unchanged if it does not have the key), or the reason why it could not be edited.</returns>
    public static (string? Text, string? Reason) Remove(string text, string section, string key)
    {
        var (before, fault) = YamlReader.Parse(text, YamlLimits.Agent);
        if (before is null)
            return (null, $"{fault}; fix that first");

        var parent = section.Length == 0 ? before : before.Members.FirstOrDefault(member => member.Key == section)?.Value;
        if (parent is null || parent.Members.All(member => member.Key != key))
            return (text, null);

        var edited = YamlRemoval.For(text, section, key).FirstOrDefault(proposal => IsRemoved(before, proposal, section, key));
        var path = section.Length == 0 ? key : $"{section}.{key}";
        return edited is null
            ? (null, $"{path} cannot be removed from a file that is written like this one; remove it by hand")
            : (edited, null);
    }

    private static string? Misplaced(YamlNode root, SettingChange change)
    {
        if (root.Kind is not (YamlKind.Section or YamlKind.Empty))
            return $"line {root.Line}: is not a section of keys and values; fix that first";
        if (change.Section.Length == 0)
            return Misplaced(change, root);

        var sections = root.Members.Where(member => member.Key == change.Section).ToList();
        if (sections.Count > 1)
            return Twice(change.Section, sections);
        if (sections.Count == 0)
            return null;

        var section = sections[0].Value;
        if (section.Kind is not (YamlKind.Section or YamlKind.Empty))
            return $"{change.Section}: line {section.Line}: is not a section of keys and values; fix that first";

        return Misplaced(change, section);
    }

    private static string? Misplaced(SettingChange change, YamlNode section)
    {
        var values = section.Members.Where(member => member.Key == change.Key).ToList();
        return values.Count > 1 ? Twice(change.Path, values)
            : values.Count == 1 && values[0].Value.Kind is YamlKind.List or YamlKind.Section
                ? $"{change.Path}: line {values[0].Value.Line}: is not a single value; fix that first"
            : null;
    }

    private static string Twice(string path, List<YamlMember> members) =>
        $"{path}: line {members[1].Line}: is there twice; the first is in line {members[0].Line}; fix that first";

    private static bool IsRight(YamlNode before, string proposal, SettingChange change)
    {
        var after = YamlReader.Parse(proposal, YamlLimits.Agent).Root;
        if (change.Section.Length == 0)
        {
            return after is { Kind: YamlKind.Section } && Only(after, change.Key) is { } top && change.IsIn(top)
                && AreSame(Without(before, change.Key), Without(after, change.Key));
        }

        if (after is not { Kind: YamlKind.Section } || Only(after, change.Section) is not { Kind: YamlKind.Section } section)
            return false;

        var was = before.Members.FirstOrDefault(member => member.Key == change.Section)?.Value;
        return Only(section, change.Key) is { } value
            && change.IsIn(value)
            && AreSame(Without(before, change.Section), Without(after, change.Section))
            && AreSame(was is null ? [] : Without(was, change.Key), Without(section, change.Key));
    }

    private static bool IsRemoved(YamlNode before, string proposal, string section, string key)
    {
        if (YamlReader.Parse(proposal, YamlLimits.Agent).Root is not { Kind: YamlKind.Section or YamlKind.Empty } after)
            return false;
        if (section.Length == 0)
            return after.Members.All(member => member.Key != key) && AreSame(Without(before, key), after.Members);

        var was = before.Members.Where(member => member.Key == section).ToList();
        var now = after.Members.Where(member => member.Key == section).ToList();
        return was.Count == 1 && now.Count <= 1
            && AreSame(Without(before, section), Without(after, section))
            && now.All(member => member.Value.Kind is YamlKind.Section or YamlKind.Empty)
            && AreSame(Without(was[0].Value, key), now.Count == 0 ? [] : now[0].Value.Members);
    }

    private static YamlNode? Only(YamlNode node, string key) =>
        node.Members.Count(member => member.Key == key) == 1 ? node.Members.Single(member => member.Key == key).Value : null;

    private static List<YamlMember> Without(YamlNode node, string key) => node.Members.Where(member => member.Key != key).ToList();

    private static bool AreSame(IReadOnlyList<YamlMember> a, IReadOnlyList<YamlMember> b) =>
        a.Count == b.Count && a.Zip(b).All(pair => pair.First.Key == pair.Second.Key && IsSame(pair.First.Value, pair.Second.Value));

    // The line number may differ.
    private static bool IsSame(YamlNode a, YamlNode b) =>
        (a.Kind, a.Text, a.Quoted, a.Items.Count) == (b.Kind, b.Text, b.Quoted, b.Items.Count)
        && a.Items.Zip(b.Items).All(pair => IsSame(pair.First, pair.Second))
        && AreSame(a.Members, b.Members);
}
