namespace SmmAgent.NetnsTests.Checks;

/// <summary>docs/checks.md: which outcomes each check can have.</summary>
internal static class CheckDocs
{
    public const string Never = "never: ";

    private static readonly string[] Columns = ["pass", "warn", "fail", "skipped"];

    /// <summary>One row of a table.</summary>
    /// <param name="Outcomes">What each status means, by the status.</param>
    public sealed record Row(string Group, string Id, string Title, IReadOnlyDictionary<string, string> Outcomes);

    public static IReadOnlyList<Row> Rows { get; } = Read();

    /// <summary>The outcomes that there are, and those that there cannot be.</summary>
    public static ILookup<bool, (string Id, string Status)> Outcomes { get; } = Rows
        .SelectMany(row => row.Outcomes.Select(outcome => (row.Id, Status: outcome.Key, Text: outcome.Value)))
        .ToLookup(outcome => !outcome.Text.StartsWith(Never, StringComparison.Ordinal), outcome => (outcome.Id, outcome.Status));

    private static List<Row> Read()
    {
        List<Row> rows = [];
        var group = "";
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "docs", "checks.md")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                group = line[3..];
            if (line.StartsWith("| `", StringComparison.Ordinal))
                rows.Add(RowOf(group, line));
        }

        return rows;
    }

    private static Row RowOf(string group, string line)
    {
        if (line.Split('|', StringSplitOptions.TrimEntries) is not ["", var name, .. { Length: 4 } outcomes, ""]
            || name.Split('`') is not ["", var id, var title])
            throw new InvalidDataException($"docs/checks.md: no row of a check and its four outcomes: {line}");
        return new(group, id, title.Trim(), Columns.Zip(outcomes).ToDictionary(pair => pair.First, pair => pair.Second));
    }
}
