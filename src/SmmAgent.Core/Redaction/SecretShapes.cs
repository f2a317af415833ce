namespace SmmAgent.Core.Redaction;

/// <summary>Finds text that has the form of a secret, independent of its owner.</summary>
internal static class SecretShapes
{
    private const string PemBegin = "-----BEGIN ";
    private const string PemEnd = "-----END ";
    private const string PrivateKey = "PRIVATE KEY-----";
    private const string PgpPrivateKey = "PRIVATE KEY BLOCK-----";

    // "-----BEGIN " in base64, as a kubeconfig has it.
    private const string PemInBase64 = "LS0tLS1CRUdJTi";
    private const int ShortestToken = 16;
    private const int ShortestBasic = 8;
    // "eyJ" is how base64 of {" begins; "ZXlK" is base64 of that.
    private static readonly string[] JwtBegins = ["eyJ", "ZXlK"];

    public static void Mark(string text, bool[] hidden)
    {
        PrivateKeys(text, PrivateKey, hidden);
        PrivateKeys(text, PgpPrivateKey, hidden);
        KeysInBase64(text, hidden);
        foreach (var begin in JwtBegins)
            Runs(text, begin, ShortestToken, hidden);
        Behind(text, "bearer ", ShortestToken, hidden);
        Behind(text, "basic ", ShortestBasic, hidden, IsUserAndPassword);
        Authorizations(text, hidden);
        UrlSecrets.Mark(text, hidden);
        IssuedTokens.Mark(text, hidden);
        NamedSecrets.Mark(text, hidden);
    }

    // A block without an end hides all following text, a block without a beginning all preceding text: too much is better than a key.
    private static void PrivateKeys(string text, string ending, bool[] hidden)
    {
        var from = 0;
        while (from < text.Length)
        {
            var marker = text.IndexOf(ending, from, StringComparison.Ordinal);
            if (marker < 0)
                return;

            var begin = text.LastIndexOf(PemBegin, marker, marker - from + 1, StringComparison.Ordinal);
            var end = text.LastIndexOf(PemEnd, marker, marker - from + 1, StringComparison.Ordinal);
            var behind = marker + ending.Length;
            if (begin > end || (begin < 0 && end < 0))
            {
                var closing = text.IndexOf(ending, behind, StringComparison.Ordinal);
                behind = closing < 0 ? text.Length : closing + ending.Length;
                hidden.AsSpan(Math.Max(begin, from)..behind).Fill(true);
            }
            else
            {
                hidden.AsSpan(from..behind).Fill(true);
            }

            from = behind;
        }
    }

    // A certificate is not a secret, and its issuer is useful for diagnosis.
    private static void KeysInBase64(string text, bool[] hidden)
    {
        var next = 0;
        for (var at = Next(text, PemInBase64, 0); at >= 0; at = Next(text, PemInBase64, next))
        {
            var head = new byte[48];
            var length = Math.Min(64, (text.Length - at) / 4 * 4);
            var isCertificate = Convert.TryFromBase64Chars(text.AsSpan(at, length), head, out _)
                && head.AsSpan().IndexOf("CERTIFICATE-----"u8) >= 0;
            next = isCertificate ? at + PemInBase64.Length : Hide(text, at, ShortestToken, hidden);
        }
    }

    private static void Runs(string text, string begin, int atLeast, bool[] hidden)
    {
        var (next, run) = (0, 0);
        for (var at = Next(text, begin, 0); at >= 0; at = Next(text, begin, next))
        {
            next = at + begin.Length;
            for (run = Math.Max(run, at); run < text.Length && IsBase64(text[run]);)
                run++;
            // After other letters, as in \neyJ or %3DeyJ, the match is a token only if the next part of a token follows.
            if (at == 0 || !IsBase64(text[at - 1]) || text.AsSpan(run).StartsWith($".{begin}"))
                next = Math.Max(next, Hide(text, at, atLeast, hidden));
        }
    }

    private static void Behind(string text, string word, int atLeast, bool[] hidden, Func<ReadOnlySpan<char>, bool>? isSecret = null)
    {
        for (var at = Find(text, word, 0); at >= 0; at = Find(text, word, at + word.Length))
            Hide(text, at + word.Length, atLeast, hidden, isSecret);
    }

    // "basic authentication" is not a credential.
    private static bool IsUserAndPassword(ReadOnlySpan<char> base64)
    {
        if (base64.Length > 4096)
            return true;

        Span<char> padded = stackalloc char[base64.Length + 3];
        base64.CopyTo(padded);
        padded[base64.Length..].Fill('=');
        Span<byte> bytes = stackalloc byte[base64.Length];
        return Convert.TryFromBase64Chars(padded[..((base64.Length + 3) / 4 * 4)], bytes, out var length)
            && bytes[..length].Contains((byte)':');
    }

    /// <returns>The end of the run of characters of a token.</returns>
    private static int Hide(string text, int at, int atLeast, bool[] hidden, Func<ReadOnlySpan<char>, bool>? isSecret = null)
    {
        var end = at;
        while (end < text.Length && IsToken(text[end]))
            end++;
        if (end - at >= atLeast && isSecret?.Invoke(text.AsSpan(at..end)) != false)
            hidden.AsSpan(at..end).Fill(true);
        return end;
    }

    // The value of the header extends to the end of the line, or of the enclosing quotes.
    private static void Authorizations(string text, bool[] hidden)
    {
        const string Name = "authorization";
        var next = 0;
        for (var at = Find(text, Name, 0); at >= 0; at = Find(text, Name, next))
        {
            next = at + Name.Length;
            if (ValueBehind(text, next) is not { } value)
                continue;

            var end = value;
            while (end < text.Length && text[end] is not ('\r' or '\n' or '"' or '\''))
                end++;
            hidden.AsSpan(value..end).Fill(true);
            // Of the names in the value, only one at its end can have a value after it.
            next = Math.Max(next, end - Name.Length);
        }
    }

    // After a name: an optional closing quote, a colon or an equals sign, spaces, an optional opening quote.
    internal static int? ValueBehind(string text, int at)
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

    private static int Next(string text, string word, int from) => text.IndexOf(word, from, StringComparison.Ordinal);

    private static int Find(string text, string word, int from) => text.IndexOf(word, from, StringComparison.OrdinalIgnoreCase);

    internal static bool IsName(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.';

    private static bool IsBase64(char c) => char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '-' or '_';

    private static bool IsToken(char c) => IsBase64(c) || c is '.' or '=' or '~';
}
