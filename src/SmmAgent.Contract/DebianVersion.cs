namespace SmmAgent.Contract;

/// <summary>Compares parts of versions as dpkg does (deb-version(7)).</summary>
internal static class DebianVersion
{
    /// <returns>Negative, zero or positive.</returns>
    public static int ComparePart(string a, string b)
    {
        int i = 0, j = 0;
        while (i < a.Length || j < b.Length)
        {
            while ((i < a.Length && !char.IsAsciiDigit(a[i])) || (j < b.Length && !char.IsAsciiDigit(b[j])))
            {
                if (Order(a, i) - Order(b, j) is var order and not 0)
                    return order;
                i++;
                j++;
            }

            if (VersionParts.CompareNumbers(VersionParts.Digits(a, ref i), VersionParts.Digits(b, ref j)) is var number and not 0)
                return number;
        }

        return 0;
    }

    // A tilde sorts before the end of the text, the end before letters, and letters before all other characters.
    private static int Order(string text, int at) =>
        at >= text.Length || char.IsAsciiDigit(text[at]) ? 0
        : text[at] == '~' ? -1
        : char.IsAsciiLetter(text[at]) ? text[at]
        : text[at] + 256;
}
