using System.Text;

namespace SmmAgent.Core.Redaction;

/// <summary>Finds known secrets, whole or in pieces, plain, escaped or in base64.</summary>
/// <remarks>Logs cut and wrap quoted text, so a piece of <see cref="PieceLength"/> characters is also redacted.</remarks>
public sealed class KnownSecrets
{
    /// <summary>The shortest piece of a secret that is found. Shorter pieces would match ordinary words.</summary>
    public const int PieceLength = 12;

    private readonly HashSet<int> _pieces = [];
    private readonly List<string> _secrets = [];

    public KnownSecrets(IEnumerable<string> secrets)
    {
        foreach (var secret in secrets.Where(secret => secret.Length > 0).SelectMany(Forms))
        {
            _secrets.Add(secret);
            for (var i = 0; i + PieceLength <= secret.Length; i++)
                _pieces.Add(string.GetHashCode(secret.AsSpan(i, PieceLength)));
        }
    }

    /// <summary>Marks every character that belongs to a secret.</summary>
    internal void Mark(string text, bool[] hidden)
    {
        for (var i = 0; i + PieceLength <= text.Length; i++)
        {
            var piece = text.AsSpan(i, PieceLength);
            if (_pieces.Contains(string.GetHashCode(piece)) && IsPiece(piece))
                hidden.AsSpan(i, PieceLength).Fill(true);
        }

        foreach (var secret in _secrets.Where(secret => secret.Length < PieceLength))
        {
            for (var at = Next(text, secret, 0); at >= 0; at = Next(text, secret, at + 1))
                hidden.AsSpan(at, secret.Length).Fill(true);
        }
    }

    private static int Next(string text, string secret, int from) => text.IndexOf(secret, from, StringComparison.Ordinal);

    private bool IsPiece(ReadOnlySpan<char> piece)
    {
        foreach (var secret in _secrets)
        {
            if (secret.AsSpan().IndexOf(piece) >= 0)
                return true;
        }

        return false;
    }

    // In the other alphabet of base64, in a URL, and in JSON as two writers escape it.
    private static IEnumerable<string> Spellings(string secret) =>
    [
        secret,
        secret.Replace('-', '+').Replace('_', '/'),
        secret.Replace('+', '-').Replace('/', '_'),
        Uri.EscapeDataString(secret),
        secret.Replace("+", "\\u002B", StringComparison.Ordinal),
        secret.Replace("/", "\\/", StringComparison.Ordinal),
    ];

    // Base64 of something that contains the secret looks different for each of three positions; the characters at its ends
    // also depend on its neighbours.
    private static IEnumerable<string> Forms(string secret)
    {
        foreach (var spelling in Spellings(secret).Distinct())
            yield return spelling;
        if (secret.Length < 6)
            yield break; // its base64 would match ordinary words

        for (var before = 0; before < 3; before++)
        {
            var bytes = new byte[before].Concat(Encoding.UTF8.GetBytes(secret)).ToArray();
            var whole = Convert.ToBase64String(bytes, 0, bytes.Length - (bytes.Length % 3));
            var form = whole[(before == 0 ? 0 : 4)..];
            yield return form;
            if (form.AsSpan().IndexOfAny('+', '/') >= 0)
                yield return form.Replace('+', '-').Replace('/', '_');
        }
    }
}
