namespace SmmAgent.Contract;

/// <summary>The parts of a package's version: <c>[EPOCH:]VERSION[-REVISION]</c>. rpm calls the revision a release.</summary>
internal sealed record VersionParts(string Epoch, string Version, string? Revision)
{
    public static VersionParts Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var hasEpoch = colon > 0 && text.AsSpan(0, colon).IndexOfAnyExceptInRange('0', '9') < 0;
        var rest = hasEpoch ? text[(colon + 1)..] : text;
        var hyphen = rest.LastIndexOf('-');
        return new(hasEpoch ? text[..colon] : "0", hyphen < 0 ? rest : rest[..hyphen], hyphen < 0 ? null : rest[(hyphen + 1)..]);
    }

    public static ReadOnlySpan<char> Digits(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        return text.AsSpan(start, at - start);
    }

    public static int CompareNumbers(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        a = a.TrimStart('0');
        b = b.TrimStart('0');
        return a.Length != b.Length ? a.Length - b.Length : a.SequenceCompareTo(b);
    }
}
