namespace SmmAgent.Core.Text;

/// <summary>The order of keys in Istio's YAML: letters after all other characters, numbers by their value.</summary>
internal sealed class NaturalOrder : IComparer<string>
{
    public static readonly NaturalOrder Instance = new();

    public int Compare(string? x, string? y)
    {
        var (a, b) = (x ?? "", y ?? "");
        for (var i = 0; i < a.Length && i < b.Length; i++)
        {
            if (a[i] == b[i])
                continue;
            if (char.IsLetter(a[i]) || char.IsLetter(b[i]))
                return char.IsLetter(a[i]) == char.IsLetter(b[i]) ? a[i] - b[i] : char.IsLetter(a[i]) ? 1 : -1;

            var start = i;
            while (start > 0 && char.IsAsciiDigit(a[start - 1]))
                start--;
            var difference = CompareValues(Digits(a, start), Digits(b, start));
            return difference == 0 ? a[i] - b[i] : difference;
        }

        return a.Length - b.Length;
    }

    private static int CompareValues(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (a.IsEmpty || b.IsEmpty)
            return a.Length - b.Length; // a digit sorts after a sign

        a = a.TrimStart('0');
        b = b.TrimStart('0');
        return a.Length != b.Length ? a.Length - b.Length : a.SequenceCompareTo(b);
    }

    private static ReadOnlySpan<char> Digits(string text, int start)
    {
        var end = start;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
            end++;
        return text.AsSpan(start, end - start);
    }
}
