using System.Text;

namespace SmmAgent.Core.Redaction;

/// <summary>Redacts all secrets in a text: known secrets, and text that looks like a secret.</summary>
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
