namespace SmmAgent.Core.Redaction;

/// <summary>
/// Finds the values of names that denote a secret: <c>NAME=value</c>, <c>name: value</c>, <c>"name":"value"</c>, <c>--name value</c>.
/// Paths are not redacted.
/// </summary>
internal static class NamedSecrets
{
    // Anywhere in a name.
    private static readonly string[] Strong =
    [
        "token", "password", "passwd", "passphrase", "_pass", "secret", "apikey", "api-key", "api_key", "credential", "privatekey",
            "private_key", "agentkey",
        "accesskey", "access_key", "sharedkey", "accountkey", "connectionstring", "connection_string",
    ];

    // At the end of a name.
    private static readonly string[] Weak =
    [
        "key", "keys", "pw", "pwd", "pass", "passcode", "auth", "authentication", "sig", "signature", "sas", "hmac", "cookie", "cookies",
            "cred", "creds",
        "session", "sessionid", "jwt", "psk", "otp", "dsn", "webhook", "accesskeyid",
    ];

    private static readonly string[] Innocent =
        ["publickey", "public_key", "public-key", "pubkey", "monkey", "hotkey", "foreignkey", "bypass", "compass", "accesskeys"];

    // The value extends to the end of the line, as in a header: a scheme and its parameters.
    private static readonly string[] WholeLine = ["auth", "authentication", "cookie", "cookies"];

    private static readonly string[] NoValue = ["null", "true", "false", "none", "yes", "no", "~", "[redacted]"];

    private static readonly string[] Folders =
    [
        "/etc/", "/var/", "/run/", "/usr/", "/home/", "/root/", "/opt/", "/tmp/", "/srv/", "/mnt/", "/proc/", "/sys/", "/dev/", "/lib/",
            "/bin/", "/sbin/",
        "/boot/", "/media/", "/data/", "/nix/",
    ];

    private const int LongestOfNone = 10;
    private const int LongestList = 64 * 1024;

    // A word of prose after a colon is shorter.
    private const int ShortestAfterColon = 6;

    // A longer text is not a name. The limit keeps the search linear.
    private const int LongestName = 256;

    public static void Mark(string text, bool[] hidden)
    {
        for (var at = 0; at < text.Length;)
        {
            if (!SecretShapes.IsName(text[at]))
            {
                at++;
                continue;
            }

            var end = at;
            while (end < text.Length && SecretShapes.IsName(text[end]))
                end++;
            at = Math.Max(end, Value(text, at, end, hidden));
        }
    }

    /// <returns>The position from which the search for the next name continues.</returns>
    private static int Value(string text, int name, int behind, bool[] hidden)
    {
        var word = text.AsSpan(Math.Max(name, behind - LongestName)..behind).TrimEnd("._-0123456789");
        if (word.Length == 0 || (!IsStrong(word) && !EndsWith(word, Weak)) || EndsWith(word, Innocent))
            return behind;
        if (ValueAfter(text, name, behind, IsStrong(word)) is not { } value || value >= text.Length || IsPath(text, value))
            return behind;

        var isColon = text.AsSpan(behind..value).Contains(':');
        var quote = QuoteAround(text, name, behind, value);
        var isWholeLine = EndsWith(word, WholeLine) && !text.AsSpan(name..behind).StartsWith("--");
        var end = isWholeLine ? LineEnd(text, value)
            : quote is { } around ? QuotedEnd(text, value, around)
            : isColon ? PlainEnd(text, value)
            : WordEnd(text, value);
        if (isColon && quote is null && IsBlock(text, value))
            end = BlockEnd(text, name, value);
        else if (text[value] == '[')
            end = ListEnd(text, value);
        if (end <= value
            || (end - value <= LongestOfNone && NoValue.Contains(text[value..end], StringComparer.OrdinalIgnoreCase))
            || (isColon && quote is null && !isWholeLine && end - value < ShortestAfterColon))
            return behind;

        hidden.AsSpan(value..end).Fill(true);
        // A name at the end of the value has its own value.
        var next = end;
        while (next > behind && SecretShapes.IsName(text[next - 1]))
            next--;
        return Math.Max(next, behind);
    }

    private static int? ValueAfter(string text, int name, int behind, bool isStrong)
    {
        if (SecretShapes.ValueBehind(text, behind) is { } value)
            return isStrong || IsAssigned(text, name, behind) ? value : null;

        // An option of a command line.
        var isOption = text.AsSpan(name..behind).StartsWith("--") && behind + 1 < text.Length && text[behind] == ' '
            && text[behind + 1] is not ('-' or ' ');
        return isOption ? behind + 1 : null;
    }

    // "key: not found" is prose, while a line that begins with it, and a member of JSON, are values.
    private static bool IsAssigned(string text, int name, int behind)
    {
        if (text[behind] is '=' or '"' or '\'' or '\\')
            return true;

        var before = name - 1;
        while (before >= 0 && text[before] is ' ' or '\t' or '-' or '#')
            before--;
        return before < 0 || text[before] is '\n' or '\r' or '{' or ',' or ';' or '"' or '\'';
    }

    private static bool IsStrong(ReadOnlySpan<char> word)
    {
        foreach (var name in Strong)
        {
            if (word.Contains(name, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static bool EndsWith(ReadOnlySpan<char> word, string[] names)
    {
        foreach (var name in names)
        {
            if (word.EndsWith(name, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static bool IsPath(string text, int value)
    {
        foreach (var folder in Folders)
        {
            if (text.AsSpan(value).StartsWith(folder, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    /// <summary>
    /// The quote around a value, which may contain spaces: <c>NAME="a b"</c>, or <c>"NAME=a b"</c> as systemd writes it.
    /// </summary>
    private static char? QuoteAround(string text, int name, int behind, int value)
    {
        if (text[value - 1] is '"' or '\'')
            return text[value - 1];
        if (text[behind] is '"' or '\'' or '\\')
            return null; // the quotes belong to the name

        return name > 0 && text[name - 1] is '"' or '\'' ? text[name - 1] : null;
    }

    // The closing quote. In JSON a backslash keeps a quote within the value, but not where the quotes themselves are escaped;
    // a shell continues after it: 'it'"'"'s'.
    private static int QuotedEnd(string text, int value, char quote)
    {
        var isEscaped = value >= 2 && text[value - 2] == '\\';
        var end = value;
        while (end < text.Length && text[end] != quote && text[end] is not ('\r' or '\n'))
            end += text[end] == '\\' && !isEscaped && end + 1 < text.Length && text[end + 1] is not ('\r' or '\n') ? 2 : 1;
        end = Math.Min(end, text.Length);
        var goesOn = end + 1 < text.Length && text[end] == quote
            && (text[end + 1] is '"' or '\'' || char.IsAsciiLetterOrDigit(text[end + 1]));
        return goesOn && !isEscaped
            ? WordEnd(text, end + 1, isWithin: true)
            : end;
    }

    private static int PlainEnd(string text, int value)
    {
        var end = value;
        while (end < text.Length && !char.IsWhiteSpace(text[end]) && text[end] is not ('"' or '\'')
            && !(text[end] is ',' or ';' or '}' or ')' && EndsWord(text, end)))
            end++;
        return end;
    }

    // A password may also contain such a character.
    private static bool EndsWord(string text, int mark) =>
        mark + 1 == text.Length || char.IsWhiteSpace(text[mark + 1]) || text[mark + 1] is '"' or '\'' or ',' or ';' or '}' or ')';

    // The end of a word of a shell.
    private static int WordEnd(string text, int value, bool isWithin = false)
    {
        char? quote = null;
        var end = value;
        for (; end < text.Length && text[end] is not ('\r' or '\n'); end++)
        {
            if (quote is { } open)
                quote = text[end] == open ? null : open;
            else if (text[end] is '"' or '\'' && isWithin)
                quote = text[end];
            else if (char.IsWhiteSpace(text[end]) || text[end] is '"' or '\'' || (text[end] is '}' or ')' && EndsWord(text, end)))
                break;
        }

        return end;
    }

    private static int LineEnd(string text, int value)
    {
        var end = value;
        while (end < text.Length && text[end] is not ('\r' or '\n' or '"' or '\''))
            end++;
        return end;
    }

    private static int ListEnd(string text, int value)
    {
        var length = text.AsSpan(value, Math.Min(LongestList, text.Length - value)).IndexOf(']');
        return length < 0 ? LineEnd(text, value) : value + length;
    }

    // "|" or ">", how it ends, and the end of the line.
    private static bool IsBlock(string text, int value)
    {
        var end = value + 1;
        while (end < text.Length && end - value <= 3 && text[end] is '-' or '+' or (>= '1' and <= '9'))
            end++;
        return text[value] is '|' or '>' && end < text.Length && text[end] is '\n' or '\r';
    }

    // A YAML block: all lines that are indented further than the name.
    private static int BlockEnd(string text, int name, int value)
    {
        var start = name == 0 ? 0 : text.LastIndexOf('\n', name - 1) + 1;
        var indent = Indent(text, start);
        var end = value;
        while (text.IndexOf('\n', end) is var line and >= 0 && (Indent(text, line + 1) > indent || IsBlank(text, line + 1)))
            end = Math.Max(line + 1, text.IndexOf('\n', line + 1) is var next and >= 0 ? next : text.Length);
        return Math.Min(end, text.Length);
    }

    private static int Indent(string text, int line)
    {
        var at = line;
        while (at < text.Length && text[at] == ' ')
            at++;
        return at - line;
    }

    private static bool IsBlank(string text, int line) =>
        line + Indent(text, line) is var at && at < text.Length && text[at] is '\n' or '\r';
}
