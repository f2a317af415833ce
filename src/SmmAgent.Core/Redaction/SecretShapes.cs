namespace SmmAgent.Core.Redaction;

/// <summary>Finds what has the shape of a secret, whoever's it is.</summary>
internal static class SecretShapes
{
    private const string PemBegin = "-----BEGIN ";
    private const string PemEnd = "-----END ";
    private const string PrivateKey = "PRIVATE KEY-----";
    private const int ShortestToken = 16;
    private const int ShortestValue = 6;

    // "eyJ" is how base64 of {" begins; "ZXlK" is base64 of that.
    private static readonly string[] JwtBegins = ["eyJ", "ZXlK"];

    private static readonly string[] SecretNames = ["token", "password", "passwd", "secret", "apikey", "api-key", "api_key", "credential", "privatekey", "private_key", "agentkey"];

    public static void Mark(string text, bool[] hidden)
    {
        PrivateKeys(text, hidden);
        foreach (var begin in JwtBegins)
            Runs(text, begin, ShortestToken, hidden);
        Behind(text, "bearer ", ShortestToken, hidden);
        Authorizations(text, hidden);
        UserInfos(text, hidden);
        foreach (var name in SecretNames)
            Values(text, name, hidden);
    }

    // A block whose end is missing hides all that follows, one whose beginning is missing all before it: better too much than a key.
    private static void PrivateKeys(string text, bool[] hidden)
    {
        var from = 0;
        while (from < text.Length)
        {
            var marker = text.IndexOf(PrivateKey, from, StringComparison.Ordinal);
            if (marker < 0)
                return;

            var begin = text.LastIndexOf(PemBegin, marker, marker - from + 1, StringComparison.Ordinal);
            var end = text.LastIndexOf(PemEnd, marker, marker - from + 1, StringComparison.Ordinal);
            var behind = marker + PrivateKey.Length;
            if (begin > end || (begin < 0 && end < 0))
            {
                var closing = text.IndexOf(PrivateKey, behind, StringComparison.Ordinal);
                behind = closing < 0 ? text.Length : closing + PrivateKey.Length;
                hidden.AsSpan(Math.Max(begin, from)..behind).Fill(true);
            }
            else
            {
                hidden.AsSpan(from..behind).Fill(true);
            }

            from = behind;
        }
    }

    private static void Runs(string text, string begin, int atLeast, bool[] hidden)
    {
        for (var at = text.IndexOf(begin, StringComparison.Ordinal); at >= 0; at = text.IndexOf(begin, at + begin.Length, StringComparison.Ordinal))
        {
            if (at == 0 || !IsBase64(text[at - 1]))
                Hide(text, at, atLeast, hidden);
        }
    }

    private static void Behind(string text, string word, int atLeast, bool[] hidden)
    {
        for (var at = Find(text, word, 0); at >= 0; at = Find(text, word, at + word.Length))
            Hide(text, at + word.Length, atLeast, hidden);
    }

    private static void Hide(string text, int at, int atLeast, bool[] hidden)
    {
        var end = at;
        while (end < text.Length && IsToken(text[end]))
            end++;
        if (end - at >= atLeast)
            hidden.AsSpan(at..end).Fill(true);
    }

    // The header's value is all up to the end of the line, or of the quotes that it stands in.
    private static void Authorizations(string text, bool[] hidden)
    {
        const string Name = "authorization";
        for (var at = Find(text, Name, 0); at >= 0; at = Find(text, Name, at + Name.Length))
        {
            if (ValueBehind(text, at + Name.Length) is not { } value)
                continue;

            var end = value;
            while (end < text.Length && text[end] is not ('\r' or '\n' or '"' or '\''))
                end++;
            hidden.AsSpan(value..end).Fill(true);
        }
    }

    private static void UserInfos(string text, bool[] hidden)
    {
        const string Scheme = "://";
        for (var at = text.IndexOf(Scheme, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Scheme, at + Scheme.Length, StringComparison.Ordinal))
        {
            var end = at + Scheme.Length;
            var last = -1;
            while (end < text.Length && !char.IsWhiteSpace(text[end]) && text[end] is not ('/' or '?' or '#' or '"' or '\'' or '<' or '>'))
            {
                if (text[end] == '@')
                    last = end;
                end++;
            }

            if (last >= 0)
                hidden.AsSpan((at + Scheme.Length)..last).Fill(true);
        }
    }

    /// <summary>The value of what is called a secret: <c>name=value</c>, <c>name: value</c>, <c>"name":"value"</c>; not a path.</summary>
    private static void Values(string text, string name, bool[] hidden)
    {
        for (var at = Find(text, name, 0); at >= 0; at = Find(text, name, at + name.Length))
        {
            var behind = at + name.Length;
            while (behind < text.Length && (char.IsAsciiLetterOrDigit(text[behind]) || text[behind] is '_' or '-' or '.'))
                behind++;
            if (ValueBehind(text, behind) is not { } value || value == text.Length || text[value] == '/')
                continue;

            var end = value;
            while (end < text.Length && !char.IsWhiteSpace(text[end]) && text[end] is not ('"' or '\'' or ',' or ';' or '}' or ')'))
                end++;
            if (end - value >= ShortestValue)
                hidden.AsSpan(value..end).Fill(true);
        }
    }

    // Behind a name: an optional closing quote, a colon or an equals sign, spaces, an optional opening quote.
    private static int? ValueBehind(string text, int at)
    {
        at = Skip(text, at, '"', '\'', '\\');
        at = Skip(text, at, ' ', '\t');
        if (at >= text.Length || text[at] is not (':' or '='))
            return null;

        return Skip(text, Skip(text, at + 1, ' ', '\t'), '"', '\'', '\\');
    }

    private static int Skip(string text, int at, params ReadOnlySpan<char> what)
    {
        while (at < text.Length && what.Contains(text[at]))
            at++;
        return at;
    }

    private static int Find(string text, string word, int from) => text.IndexOf(word, from, StringComparison.OrdinalIgnoreCase);

    private static bool IsBase64(char c) => char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '-' or '_';

    private static bool IsToken(char c) => IsBase64(c) || c is '.' or '=' or '~';
}
