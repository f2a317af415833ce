namespace SmmAgent.Contract;

/// <summary>Suggests a known word for an unknown one.</summary>
public static class Spelling
{
    private const int LongestWord = 64;

    /// <summary>The known word that is nearest; null when none is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> known) =>
        word.Length > LongestWord ? null : known.Where(one => IsNear(word, one)).MinBy(one => Distance(word, one));

    /// <summary>
    /// The known option that is nearest; null when none is near. The dashes before a name do not count for similarity, and a single letter
    /// is near to nothing.
    /// </summary>
    public static string? NearestOption(string option, IReadOnlyList<string> known)
    {
        var name = option.TrimStart('-');
        var meant = name.Length < 2
            ? null
            : Nearest(name, known.Select(one => one.TrimStart('-')).Where(one => one.Length > 1));
        return meant is null ? null : known.First(one => one.TrimStart('-') == meant);
    }

    /// <summary>The end of a message about an unknown word: the nearest known one, or the list of them.</summary>
    /// <param name="list">What the list begins with: <c>the groups are</c>; null for no list.</param>
    public static string Suggestion(string word, IReadOnlyList<string> known, string? list = null) =>
        Nearest(word, known) is { } nearest ? $"; did you mean '{nearest}'?"
        : list is null ? ""
        : $"; {list} {string.Join(", ", known)}";

    private static bool IsNear(string word, string known) => Distance(word, known) <= Math.Clamp(known.Length / 2, 1, 3);

    /// <summary>
    /// The number of letters that must be added, removed or replaced. A difference in case counts half.
    /// </summary>
    private static double Distance(string a, string b)
    {
        var row = new double[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            row[j] = j;

        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1])
                    ? 0.5 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
