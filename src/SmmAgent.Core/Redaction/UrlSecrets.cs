namespace SmmAgent.Core.Redaction;

/// <summary>Finds the secrets of URLs: user and password, and parts of a path or a query that look machine-generated.</summary>
internal static class UrlSecrets
{
    private const string Scheme = "://";
    private const int ShortestPart = 20;
    private const int ShortestValue = 8;

    public static void Mark(string text, bool[] hidden)
    {
        var next = 0;
        for (var at = text.IndexOf(Scheme, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Scheme, next, StringComparison.Ordinal))
        {
            var start = at + Scheme.Length;
            var end = start;
            // A URL within another URL is handled separately.
            var limit = text.IndexOf(Scheme, start, StringComparison.Ordinal) is var another and >= 0 ? another : text.Length;
            while (end < limit && !char.IsWhiteSpace(text[end]) && text[end] is not ('"' or '\'' or '<' or '>' or '`'))
                end++;
            var path = UserInfo(text, start, end, hidden);
            Parts(text, path, end, hidden);
            next = end;
        }
    }

    /// <returns>The start of the path.</returns>
    private static int UserInfo(string text, int start, int end, bool[] hidden)
    {
        var authority = text.AsSpan(start..end);
        var slash = authority.IndexOfAny('/', '?', '#');
        var host = slash < 0 ? authority : authority[..slash];
        var last = host.LastIndexOf('@');
        // A password with an unescaped slash: the text after the colon is not a port.
        var colon = host.LastIndexOf(':');
        if (last < 0 && slash >= 0 && colon >= 0 && !host.EndsWith("]") && host[(colon + 1)..].ContainsAnyExceptInRange('0', '9'))
            last = authority.LastIndexOf('@');
        if (last < 0)
            return start + host.Length;

        hidden.AsSpan(start, last).Fill(true);
        return start + last;
    }

    private static void Parts(string text, int start, int end, bool[] hidden)
    {
        var isQuery = false;
        for (var at = start; at < end;)
        {
            var to = at;
            while (to < end && (char.IsAsciiLetterOrDigit(text[to]) || text[to] is '_' or '-'))
                to++;
            var part = text.AsSpan(at..to);
            if ((part.Length >= ShortestPart && IsRandom(part)) || (isQuery && part.Length >= ShortestValue && HasBoth(part)))
                hidden.AsSpan(at..to).Fill(true);
            isQuery |= to < end && text[to] == '?';
            at = to + 1;
        }
    }

    // A uuid, a digest and the name of a package have letters of one case only.
    private static bool IsRandom(ReadOnlySpan<char> part) =>
        part.ContainsAnyInRange('0', '9') && part.ContainsAnyInRange('A', 'Z') && part.ContainsAnyInRange('a', 'z');

    private static bool HasBoth(ReadOnlySpan<char> part) =>
        part.ContainsAnyInRange('0', '9') && (part.ContainsAnyInRange('A', 'Z') || part.ContainsAnyInRange('a', 'z'));
}
