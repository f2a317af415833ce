using System.Text;

namespace SmmAgent.Core.Redaction;

/// <summary>Takes every secret out of a text: those that are known, and what looks like one.</summary>
public sealed class Redactor(KnownSecrets known)
{
    public const string Replacement = "[redacted]";

    public string Redact(string text)
    {
        var hidden = new bool[text.Length];
        known.Mark(text, hidden);
        SecretShapes.Mark(text, hidden);
        if (!hidden.Contains(true))
            return text;

        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (!hidden[i])
                result.Append(text[i]);
            else if (i == 0 || !hidden[i - 1])
                result.Append(Replacement);
        }

        return result.ToString();
    }
}
