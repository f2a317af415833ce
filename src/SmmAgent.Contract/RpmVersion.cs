namespace SmmAgent.Contract;

/// <summary>Compares parts of versions as rpm does (rpm-version(7)).</summary>
internal static class RpmVersion
{
    /// <returns>Negative, zero or positive.</returns>
    public static int ComparePart(string a, string b)
    {
        int i = 0, j = 0;
        while (true)
        {
            SkipSeparators(a, ref i);
            SkipSeparators(b, ref j);
            var (left, right) = (At(a, i), At(b, j));
            if (left == '~' || right == '~')
            {
                // A tilde sorts before everything, including the end.
                if (left != right)
                    return left == '~' ? -1 : 1;
            }
            else if (left == '^' || right == '^')
            {
                // A caret sorts after the end, and before everything else.
                if (left != right)
                    return left == '\0' || (left == '^' && right != '\0') ? -1 : 1;
            }
            else if (left == '\0' || right == '\0')
            {
                return left == right ? 0 : left == '\0' ? -1 : 1;
            }
            else if (char.IsAsciiDigit(left) != char.IsAsciiDigit(right))
            {
                return char.IsAsciiDigit(left) ? 1 : -1;
            }
            else if (CompareSegments(a, ref i, b, ref j) is var order and not 0)
            {
                return order;
            }
            else
            {
                continue;
            }

            i++;
            j++;
        }
    }

    private static int CompareSegments(string a, ref int i, string b, ref int j) => char.IsAsciiDigit(a[i])
        ? VersionParts.CompareNumbers(VersionParts.Digits(a, ref i), VersionParts.Digits(b, ref j))
        : Letters(a, ref i).SequenceCompareTo(Letters(b, ref j));

    private static ReadOnlySpan<char> Letters(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiLetter(text[at]))
            at++;
        return text.AsSpan(start, at - start);
    }

    private static void SkipSeparators(string text, ref int at)
    {
        while (at < text.Length && !char.IsAsciiLetterOrDigit(text[at]) && text[at] is not ('~' or '^'))
            at++;
    }

    private static char At(string text, int at) => at < text.Length ? text[at] : '\0';
}
