using System.Collections.Frozen;

namespace SmmDashboard.Admin.Machines;

/// <summary>The documentation of condition reasons: docs/conditions.md, which is built into the program.</summary>
public static class ConditionGuide
{
    // Reasons of several conditions are documented before the first condition.
    private const string Any = "";

    private static readonly FrozenDictionary<(string Type, string Reason), ReasonText> Rows = Parse(Load());

    /// <summary>Finds the documentation of a reason; null for an unknown reason.</summary>
    public static ReasonText? Find(string type, string reason) =>
        Rows.TryGetValue((type, reason), out var own) ? own : Rows.TryGetValue((Any, reason), out var general) ? general : null;

    public static int Count => Rows.Count;

    private static FrozenDictionary<(string, string), ReasonText> Parse(string document)
    {
        var rows = new Dictionary<(string, string), ReasonText>();
        var section = Any;
        foreach (var line in document.Split('\n'))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                section = line[3..].Trim() is var title && title.Contains(' ', StringComparison.Ordinal) ? Any : title;
            if (!line.StartsWith("| ", StringComparison.Ordinal))
                continue;

            var cells = line.Replace("\\|", "\u0001", StringComparison.Ordinal).Trim().Trim('|').Split('|')
                .Select(cell => Plain(cell.Replace('\u0001', '|'))).ToList();
            if (cells is [_, ['`', .. var reason, '`'], var means, var fix])
                rows.TryAdd((section, reason), new ReasonText(means, fix));
        }

        return rows.ToFrozenDictionary();
    }

    // A link becomes its text.
    private static string Plain(string cell)
    {
        var text = cell.Trim();
        while (text.IndexOf("](", StringComparison.Ordinal) is > 0 and var middle
            && text.LastIndexOf('[', middle) is >= 0 and var start && text.IndexOf(')', middle) is > 0 and var end)
            text = text[..start] + text[(start + 1)..middle] + text[(end + 1)..];
        return text;
    }

    private static string Load()
    {
        using var stream = typeof(ConditionGuide).Assembly.GetManifestResourceStream("conditions.md")
            ?? throw new InvalidOperationException("conditions.md is not in the program");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>The documentation of a reason. Text between backticks is a command or a name.</summary>
/// <param name="Means">The meaning.</param>
/// <param name="Fix">What to do.</param>
public sealed record ReasonText(string Means, string Fix);
