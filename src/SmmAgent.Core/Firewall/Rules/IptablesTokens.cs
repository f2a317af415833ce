using System.Text;

namespace SmmAgent.Core.Firewall.Rules;

/// <summary>One argument of a rule.</summary>
/// <param name="Start">Where it begins in the text.</param>
/// <param name="IsQuoted">Whether it was quoted: iptables-save quotes only values, never the name of an option.</param>
internal readonly record struct IptablesToken(string Text, int Start, bool IsQuoted);

/// <summary>Cuts a line into arguments exactly as iptables-restore does.</summary>
/// <remarks>
/// Blanks, tabs and line breaks separate. A quote may open within an argument, and a closing quote ends the argument. A backslash escapes
/// the next
/// character, but only within quotes.
/// </remarks>
internal static class IptablesTokens
{
    // Words of nearly every rule: there may be 20,000 rules, and each is read again at every change.
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Known = new HashSet<string>(
        [
            "-A", "-s", "-d", "-p", "-i", "-o", "-m", "-j", "-g", "!",
            "--dport", "--sport", "--dports", "--comment", "--ctstate", "--to-ports", "--match-set", "--reject-with",
            "tcp", "udp", "icmp", "comment", "conntrack", "multiport", "set", "src", "dst", "limit", "addrtype",
            "INPUT", "OUTPUT", "FORWARD", "PREROUTING", "POSTROUTING", "ACCEPT", "DROP", "REJECT", "RETURN", "LOG", AgentChain.Name,
        ],
        StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <returns>The arguments; and whether the last quote was closed.</returns>
    public static (IReadOnlyList<IptablesToken> Tokens, bool IsClosed) Read(string text)
    {
        var tokens = new List<IptablesToken>();
        return (tokens, Read(text, tokens));
    }

    /// <param name="tokens">Cleared, and filled with the arguments.</param>
    /// <returns>Whether the last quote was closed.</returns>
    public static bool Read(ReadOnlySpan<char> text, List<IptablesToken> tokens)
    {
        tokens.Clear();
        for (var at = 0; at < text.Length;)
        {
            if (text[at] is ' ' or '\t' or '\n')
            {
                at++;
                continue;
            }

            var end = text[at..].IndexOfAny(" \t\n\"");
            if (end >= 0 && text[at + end] == '"')
            {
                if (!ReadQuoted(text, tokens, ref at))
                    return false;
                continue;
            }

            var plain = end < 0 ? text[at..] : text.Slice(at, end);
            tokens.Add(new(Known.TryGetValue(plain, out var known) ? known : plain.ToString(), at, IsQuoted: false));
            at += plain.Length;
        }

        return true;
    }

    // An argument in which a quote opens: it ends with the closing quote.
    private static bool ReadQuoted(ReadOnlySpan<char> text, List<IptablesToken> tokens, ref int at)
    {
        var (token, start, isOpen) = (new StringBuilder(), at, false);
        for (; at < text.Length; at++)
        {
            if (isOpen && text[at] == '\\' && at + 1 < text.Length)
                token.Append(text[++at]);
            else if (text[at] != '"')
                token.Append(text[at]);
            else if (isOpen)
                break;
            else
                isOpen = true;
        }

        var isClosed = at < text.Length;
        at++;
        tokens.Add(new(token.ToString(), start, IsQuoted: true));
        return isClosed;
    }
}
