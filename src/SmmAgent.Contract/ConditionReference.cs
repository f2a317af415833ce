using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace SmmAgent.Contract;

/// <summary>A row of docs/conditions.md.</summary>
/// <param name="Section">The condition, or the heading of a section about several conditions.</param>
/// <param name="Statuses">The statuses with which the reason occurs: <c>False, Unknown</c>.</param>
/// <param name="Reason">The reason: one word.</param>
/// <param name="Meaning">The meaning, as plain text.</param>
/// <param name="MarkedAction">What to do, with commands and names between backticks.</param>
public sealed record ReasonEntry(string Section, string Statuses, string Reason, string Meaning, string MarkedAction)
{
    /// <summary>What to do, as plain text.</summary>
    public string Action => MarkedAction.Replace("`", "", StringComparison.Ordinal);
}

/// <summary>A section of docs/conditions.md.</summary>
/// <param name="Title">The heading.</param>
/// <param name="IsCondition">Whether the section is about one condition, so that its title is the type of the condition.</param>
/// <param name="Text">The paragraphs before the table, as plain text.</param>
/// <param name="Reasons">The rows of the table.</param>
public sealed record ReferenceSection(string Title, bool IsCondition, IReadOnlyList<string> Text, IReadOnlyList<ReasonEntry> Reasons);

/// <summary>The documentation of conditions and their reasons, which is compiled in: docs/conditions.md.</summary>
public sealed partial class ConditionReference
{
    private const string Resource = "conditions.md";
    private const string Several = "";

    // The agent and the dashboard report the same conditions. The page documents the reasons of these two only once.
    private const string SameReasonsType = "DashboardReachable";
    private const string SameReasonsAs = "GatewaysReachable";

    private static readonly Lazy<ConditionReference> Loaded = new(() => Parse(ReadResource()));

    private readonly FrozenDictionary<(string Condition, string Reason), ReasonEntry> _rows;

    private ConditionReference(IReadOnlyList<ReferenceSection> sections)
    {
        Sections = sections;
        var rows = new Dictionary<(string, string), ReasonEntry>();
        foreach (var section in sections)
        {
            foreach (var row in section.Reasons)
                rows.TryAdd((section.IsCondition ? section.Title : Several, row.Reason), row);
        }

        _rows = rows.ToFrozenDictionary();
    }

    /// <summary>The page of this version.</summary>
    public static ConditionReference BuiltIn => Loaded.Value;

    /// <summary>All sections, in the order of the page.</summary>
    public IReadOnlyList<ReferenceSection> Sections { get; }

    /// <summary>The rows of all sections.</summary>
    public IEnumerable<ReasonEntry> Reasons => Sections.SelectMany(section => section.Reasons);

    /// <summary>The sections about one condition, in the order of the page.</summary>
    public IEnumerable<ReferenceSection> Conditions => Sections.Where(section => section.IsCondition);

    /// <summary>The row of a reason of one condition, or else the row that is valid for several conditions.</summary>
    /// <returns>Null for an unknown reason.</returns>
    public ReasonEntry? Find(string condition, string reason) =>
        _rows.GetValueOrDefault((condition, reason)) ?? _rows.GetValueOrDefault((Several, reason))
        ?? (condition == SameReasonsType ? _rows.GetValueOrDefault((SameReasonsAs, reason)) : null);

    /// <summary>Reads the page.</summary>
    public static ConditionReference Parse(string markdown)
    {
        List<ReferenceSection> sections = [];
        var (title, isCondition, paragraphs, rows) = ("", false, new List<string>(), new List<ReasonEntry>());
        var isParagraph = false;
        foreach (var line in markdown.ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.StartsWith('#'))
            {
                End();
                (title, paragraphs, rows) = (line.TrimStart('#', ' '), [], []);
                isCondition = line.StartsWith("## ", StringComparison.Ordinal) && !title.Contains(' ', StringComparison.Ordinal);
            }
            else if (line.StartsWith('|'))
            {
                // "The same" refers to the row above, which is not beside it any more.
                if (Row(title, line) is { } row)
                    rows.Add(row.Action == "the same" ? row with { MarkedAction = rows[^1].MarkedAction } : row);
            }
            else if (line.Length > 0)
            {
                if (isParagraph)
                    paragraphs[^1] += " " + line;
                else
                    paragraphs.Add(line);
            }

            isParagraph = line.Length > 0 && line[0] is not ('#' or '|');
        }

        End();
        return new(sections);

        void End()
        {
            if (title.Length > 0)
                sections.Add(new(title, isCondition, paragraphs.Select(Plain).ToArray(), rows));
        }
    }

    // A bar within a cell is written as \|.
    private static ReasonEntry? Row(string section, string line) =>
        line.Replace("\\|", "\0", StringComparison.Ordinal).Split('|', StringSplitOptions.TrimEntries)
            is [_, var statuses, ['`', .. var reason, '`'], var meaning, var action, _]
            ? new(section, statuses, reason, Plain(meaning), Unlinked(action))
            : null;

    private static string Plain(string markdown) => Unlinked(markdown).Replace("`", "", StringComparison.Ordinal);

    // A link becomes its text.
    private static string Unlinked(string markdown) => Link().Replace(markdown, link => link.Groups[1].Value).Replace('\0', '|');

    private static string ReadResource()
    {
        using var stream = typeof(ConditionReference).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is missing");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();
}
