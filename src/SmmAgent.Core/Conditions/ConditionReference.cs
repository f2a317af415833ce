using System.Text.RegularExpressions;

namespace SmmAgent.Core.Conditions;

/// <summary>A row of docs/conditions.md.</summary>
/// <param name="Section">The condition, or the heading of a section about several conditions.</param>
/// <param name="Statuses">The statuses with which the reason occurs: <c>False, Unknown</c>.</param>
/// <param name="Action">What to do.</param>
public sealed record ReasonEntry(string Section, string Statuses, string Reason, string Meaning, string Action);

/// <summary>A section of docs/conditions.md.</summary>
/// <param name="Text">The paragraphs before the table, as plain text.</param>
public sealed record ReferenceSection(string Title, IReadOnlyList<string> Text, IReadOnlyList<ReasonEntry> Reasons);

/// <summary>The documentation of conditions and their reasons, which is compiled in: docs/conditions.md.</summary>
public sealed partial class ConditionReference
{
    private const string Resource = "conditions.md";

    private static readonly Lazy<ConditionReference> Loaded = new(() => Parse(ReadResource()));

    private ConditionReference(IReadOnlyList<ReferenceSection> sections) => Sections = sections;

    public static ConditionReference BuiltIn => Loaded.Value;

    public IReadOnlyList<ReferenceSection> Sections { get; }

    public IEnumerable<ReasonEntry> Reasons => Sections.SelectMany(section => section.Reasons);

    /// <summary>The sections about one condition, in the order of the page.</summary>
    public IEnumerable<ReferenceSection> Conditions => Sections.Where(section => ConditionType.All.Contains(section.Title));

    /// <summary>The row of a reason of one condition, or else the row that is valid for several conditions.</summary>
    public ReasonEntry? Find(string condition, string reason) =>
        Reasons.FirstOrDefault(row => row.Section == condition && row.Reason == reason)
        ?? Reasons.FirstOrDefault(row => !ConditionType.All.Contains(row.Section) && row.Reason == reason)
        // DashboardReachable has the reasons of GatewaysReachable.
        ?? (condition == ConditionType.DashboardReachable ? Find(ConditionType.GatewaysReachable, reason) : null);

    public static ConditionReference Parse(string markdown)
    {
        List<ReferenceSection> sections = [];
        var (title, paragraphs, rows) = ("", new List<string>(), new List<ReasonEntry>());
        var isParagraph = false;
        foreach (var line in markdown.ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.StartsWith('#'))
            {
                End();
                (title, paragraphs, rows) = (line.TrimStart('#', ' '), [], []);
            }
            else if (line.StartsWith('|'))
            {
                // "The same" refers to the row above, which is not beside it any more.
                if (Row(title, line) is { } row)
                    rows.Add(row.Action == "the same" ? row with { Action = rows[^1].Action } : row);
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
                sections.Add(new(title, [.. paragraphs.Select(Plain)], rows));
        }
    }

    // A bar within a cell is written as \|.
    private static ReasonEntry? Row(string section, string line) =>
        line.Replace("\\|", "\0", StringComparison.Ordinal).Split('|', StringSplitOptions.TrimEntries)
            is [_, var statuses, ['`', .. var reason, '`'], var meaning, var action, _]
            ? new(section, statuses, reason, Plain(meaning), Plain(action))
            : null;

    private static string Plain(string markdown) =>
        Link().Replace(markdown, "$1").Replace("`", "", StringComparison.Ordinal).Replace('\0', '|');

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
