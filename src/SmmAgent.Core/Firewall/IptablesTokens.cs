using System.Text;

namespace SmmAgent.Core.Firewall;

/// <summary>One argument of a rule.</summary>
/// <param name="Start">Where it begins in the text.</param>
/// <param name="IsQuoted">Whether it was in quotes: iptables-save quotes values only, never the name of an option.</param>
internal readonly record struct IptablesToken(string Text, int Start, bool IsQuoted);

/// <summary>Cuts a line into arguments exactly as iptables-restore does.</summary>
/// <remarks>
/// Blanks, tabs and line breaks separate. A quote may open within an argument, and a closing quote ends it. A backslash takes the next character as it is,
/// but only within quotes.
/// </remarks>
internal static class IptablesTokens
{
    /// <returns>The arguments; and whether the last quote was closed.</returns>
    public static (IReadOnlyList<IptablesToken> Tokens, bool IsClosed) Read(string text)
    {
        var tokens = new List<IptablesToken>();
        var token = new StringBuilder();
        var (start, isOpen, isQuoted) = (-1, false, false);
        for (var at = 0; at < text.Length; at++)
        {
            var letter = text[at];
            if (isOpen && letter == '\\' && at + 1 < text.Length)
            {
                token.Append(text[++at]);
            }
            else if (letter == '"')
            {
                if (isOpen)
                    End();
                else
                    (isOpen, isQuoted, start) = (true, true, start < 0 ? at : start);
            }
            else if (isOpen || letter is not (' ' or '\t' or '\n'))
            {
                start = start < 0 ? at : start;
                token.Append(letter);
            }
            else if (start >= 0)
            {
                End();
            }
        }

        var isClosed = !isOpen;
        if (start >= 0)
            End();
        return (tokens, isClosed);

        void End()
        {
            tokens.Add(new(token.ToString(), start, isQuoted));
            token.Clear();
            (start, isOpen, isQuoted) = (-1, false, false);
        }
    }
}
