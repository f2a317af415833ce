namespace SmmDashboard.Packages;

/// <summary>
/// Orders versions as dpkg does, and rpm for all that our packages are called: what follows the last <c>-</c> last, runs of digits as numbers, <c>~</c> before the end,
/// the end before letters, letters before everything else.
/// </summary>
public static class PackageVersion
{
    public static int Compare(string left, string right)
    {
        var (l, r) = (Parts(left), Parts(right));
        return ComparePart(l.Upstream, r.Upstream) is not 0 and var order ? order : ComparePart(l.Revision, r.Revision);
    }

    private static (string Upstream, string Revision) Parts(string version) =>
        version.LastIndexOf('-') is >= 0 and var dash ? (version[..dash], version[(dash + 1)..]) : (version, "");

    private static int ComparePart(string left, string right)
    {
        var (l, r) = (0, 0);
        while (l < left.Length || r < right.Length)
        {
            while (IsOther(left, l) || IsOther(right, r))
            {
                var order = Weight(left, l).CompareTo(Weight(right, r));
                if (order != 0)
                    return order;
                (l, r) = (l + 1, r + 1);
            }

            var numbers = CompareNumbers(Digits(left, ref l), Digits(right, ref r));
            if (numbers != 0)
                return numbers;
        }

        return 0;
    }

    private static bool IsOther(string text, int at) => at < text.Length && !char.IsAsciiDigit(text[at]);

    private static int Weight(string text, int at) =>
        at >= text.Length || char.IsAsciiDigit(text[at]) ? 0
        : text[at] == '~' ? -1
        : char.IsAsciiLetter(text[at]) ? text[at]
        : text[at] + 256;

    private static ReadOnlySpan<char> Digits(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        return text.AsSpan(start, at - start).TrimStart('0');
    }

    // Of any length: a file's name may hold more digits than a number.
    private static int CompareNumbers(ReadOnlySpan<char> left, ReadOnlySpan<char> right) =>
        left.Length != right.Length ? left.Length.CompareTo(right.Length) : left.SequenceCompareTo(right);
}
