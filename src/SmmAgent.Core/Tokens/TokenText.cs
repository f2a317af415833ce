using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SmmAgent.Contract.Yaml;

namespace SmmAgent.Core.Tokens;

/// <summary>The text that an operator entered as the bearer token: a token, a token inside another format, or another text.</summary>
/// <remarks>
/// A token may be any string that RFC 6750 allows, so a text is refused or unwrapped only if it is certainly not a token. Messages do
/// not quote the text, because it may be the token. ToString does not contain the text.
/// </remarks>
/// <param name="Token">The token; null when there is none.</param>
/// <param name="Wrapping">The format that contained the token, for example <c>base64</c>; null if the text is the token.</param>
/// <param name="Refusal">The kind of the text if it is not a token, as a phrase that continues a sentence.</param>
/// <param name="FileName">The text if it looks like a file name.</param>
public sealed partial record TokenText(string? Token, string? Wrapping, string? Refusal, string? FileName = null)
{
    private const int MaximumLayers = 8;

    // Shorter lines are more likely two tokens than one wrapped token.
    private const int ShortestLine = 40;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Recognises a text. The caller limits its size to a few KiB.</summary>
    public static TokenText Parse(ReadOnlySpan<byte> bytes)
    {
        var layers = new List<string>();
        if (Decode(bytes, layers) is not { } text)
            return Refused("is not text");

        text = WithoutNewline(text);
        for (var depth = 0; depth < MaximumLayers; depth++)
        {
            if (text.Length == 0)
                return Refused("is empty");

            var (inner, layer, refusal) = Peel(text);
            if (refusal is not null)
                return Refused(refusal) with { FileName = layers.Count == 0 && IsFileName(text) ? text.TrimStart('@') : null };
            if (inner is null)
                return new(text, layers.Count == 0 ? null : string.Join(", ", layers), null);
            layers.Add(layer!);
            text = inner;
        }

        return Refused($"is wrapped more than {MaximumLayers} times");
    }

    public override string ToString() => nameof(TokenText);

    /// <returns>The content and the name of its format, or a refusal, or neither if the text is a token.</returns>
    private static (string? Inner, string? Layer, string? Refusal) Peel(string text)
    {
        if (text.Trim(' ', '\t', '\r', '\n') is var trimmed && trimmed.Length < text.Length)
            return (trimmed, "white space", null);
        if (text.Length > 2 && (text[0], text[^1]) is ('"', '"') or ('\'', '\'') or ('`', '`') or ('\u201c', '\u201d')
            or ('\u2018', '\u2019'))
            return (text[1..^1], "quotes", null);
        if (Assignment().Match(text) is { Success: true, Length: var name })
            return (text[name..], "a variable of a shell", null);
        if (Prefix().Match(text) is { Success: true, Length: var length })
            return (text[length..], "an Authorization header", null);
        if (text.EndsWith('%') && text.AsSpan(0, text.Length - 1).Trim("\"'").IndexOfAnyExcept(TokenCharacters) < 0)
            return (text[..^1], "a shell's %", null);
        if (text.AsSpan().IndexOfAnyExcept(TokenCharacters) is var at and >= 0)
            return IsJoined(text, out var joined) ? (joined, "several lines", null) : PeelDocument(text, at);
        if (FromBase64(text) is { Length: > 0 } decoded && IsStructured(decoded))
            return (decoded, "base64", null);
        return (null, null, NoToken(text));
    }

    private static (string? Inner, string? Layer, string? Refusal) PeelDocument(string text, int at)
    {
        if (text.StartsWith("-----BEGIN ", StringComparison.Ordinal))
            return (null, null, "is a certificate or a key in PEM, not a token");
        if (Checksum().IsMatch(text.AsSpan()))
            return (null, null, "is a checksum, not the token that it was made of");
        if (IsFileName(text))
            return (null, null, "is the name of a file");
        if (Url().IsMatch(text.AsSpan()))
            return (null, null, "is a URL, not a token");

        var (root, fault) = YamlReader.Parse(text, YamlLimits.Agent);
        if (root is not { Kind: YamlKind.Section })
        {
            return (null, null, fault is not null && text[0] is '{' or '['
                ? "looks like JSON, but is invalid or incomplete"
                : $"has a space, a line break or another character that is not allowed in a token, at position {at + 1}");
        }

        var (format, kind) = (text[0] == '{' ? "JSON" : "YAML", Text(root, "kind") ?? "");
        if (kind == "Config" || Member(root, "users") is not null)
            return (null, null,
                $"is a kubeconfig ({format}), not a token: make a token of the WorkloadGroup's service account with kubectl create token");
        if (kind == "Secret" && Text(Member(root, "stringData"), "token") is { } plain)
            return (plain, $"a Secret as {format}", null);
        if (kind == "Secret")
        {
            return Text(Member(root, "data"), "token") is { } data && FromBase64(data) is { } secret
                ? (secret, $"a Secret as {format}", null)
                : (null, null, $"is a Secret ({format}) without a token in its data");
        }

        if (Text(Member(root, "status"), "token") is { } requested)
            return (requested, kind == "ExecCredential" ? $"an ExecCredential as {format}" : $"a TokenRequest as {format}", null);
        if (kind.Length == 0 && Text(root, "token") is { } member)
            return (member, $"the member token of {format}", null);
        return (null, null, KubernetesKind().IsMatch(kind.AsSpan()) ? $"is a {kind} ({format}), which has no token"
            : $"is {format} without a token");
    }

    /// <summary>The kind of a text that has only characters of a token, but is not a token.</summary>
    private static string? NoToken(string text)
    {
        if (IsFileName(text))
            return "is the name of a file";
        if (Option().IsMatch(text.AsSpan()))
            return "is an option that this command does not have";
        if (IsJwtHeader(text.Split('.')[0]) && text.Split('.') is var parts
            && (parts.Length < 3 || (parts.Length == 3 && parts[2].Length == 0)))
            return "is a JWT without its signature: the end of the token is missing";
        return null;
    }

    // A token never ends with the extension of a file.
    private static bool IsFileName(string text) =>
        text.Length <= 255 && FilePattern().IsMatch(text.AsSpan()) && !IsJwtHeader(text.Split('.')[0]);

    // JSON alone is not enough: the tokens of a dashboard may be JSON in base64.
    private static bool IsStructured(string text) =>
        IsJwt(text) || Prefix().IsMatch(text.AsSpan()) || (FromBase64(text) is { } inner && IsJwt(inner)) || IsKubernetesObject(text);

    private static bool IsKubernetesObject(string text) =>
        (text[..1] is "{" && text.Contains("\"apiVersion\"", StringComparison.Ordinal))
        || text.StartsWith("apiVersion:", StringComparison.Ordinal);

    private static bool IsJwt(string text) =>
        text.AsSpan().IndexOfAnyExcept(TokenCharacters) < 0 && text.Split('.') is [{ Length: > 0 } header, { Length: > 0 }, { Length: > 0 }]
        && IsJwtHeader(header);

    private static bool IsJwtHeader(string part)
    {
        if (part.Length == 0 || !Base64Url.IsValid(part))
            return false;
        try
        {
            using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(part));
            // An encrypted JWT (enc) has other parts.
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("alg", out _)
                && !document.RootElement.TryGetProperty("enc", out _);
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            return false;
        }
    }

    // Lines are joined only if the result is certainly one token. Two tokens in two lines are not joined.
    private static bool IsJoined(string text, out string joined)
    {
        var lines = text.Split('\n').Select(line => line.Trim(' ', '\t', '\r')).ToList();
        joined = string.Concat(lines);
        return lines.Count > 1
            && joined.AsSpan().IndexOfAnyExcept(TokenCharacters) < 0
            && (IsJwt(joined)
                || (lines[0].Length >= ShortestLine && FromBase64(joined) is { Length: > 0 } decoded && IsStructured(decoded)));
    }

    private static string? FromBase64(string text)
    {
        var compact = text.ReplaceLineEndings("").TrimEnd('=').Replace('-', '+').Replace('_', '/');
        if (compact.Length == 0)
            return null;
        try
        {
            return WithoutNewline(Utf8.GetString(Convert.FromBase64String(compact.PadRight((compact.Length + 3) / 4 * 4, '='))));
        }
        catch (Exception exception) when (exception is FormatException or DecoderFallbackException)
        {
            return null;
        }
    }

    private static string? Decode(ReadOnlySpan<byte> bytes, List<string> layers)
    {
        try
        {
            if (bytes is [0xFF, 0xFE, ..] && bytes.Length % 2 == 0)
            {
                layers.Add("UTF-16");
                return Encoding.Unicode.GetString(bytes[2..]);
            }

            if (bytes is not [0xEF, 0xBB, 0xBF, ..])
                return Utf8.GetString(bytes);
            layers.Add("a byte order mark");
            return Utf8.GetString(bytes[3..]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string WithoutNewline(string text) =>
        text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') || text.EndsWith('\r') ? text[..^1] : text;

    private static YamlNode? Member(YamlNode? node, string key) => node?.Members.FirstOrDefault(member => member.Key == key)?.Value;

    private static string? Text(YamlNode? node, string key) => Member(node, key) is { Kind: YamlKind.Text, Text: var text } ? text : null;

    private static TokenText Refused(string refusal) => new(null, null, refusal);

    // token68 of RFC 6750, as the dashboard reads it.
    private static readonly System.Buffers.SearchValues<char> TokenCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=");

    [GeneratedRegex(@"^(?:authorization:\s*)?bearer\s+|^authorization:\s*", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Prefix();

    // A token has an equals sign only at its end. The value must be one word, so that YAML and JSON do not match.
    [GeneratedRegex(@"^(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*=(?=[^=\s]\S*\z)", RegexOptions.CultureInvariant)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"^[@\w./~ +=-]+\.(?:txt|token|tok|jwt|json|ya?ml|pem|key|crt|conf|cfg|env|kubeconfig)\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex FilePattern();

    [GeneratedRegex(@"^--?[a-z]+(?:-[a-z]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Option();

    [GeneratedRegex(@"^[0-9a-fA-F]{64} [ *]", RegexOptions.CultureInvariant)]
    private static partial Regex Checksum();

    [GeneratedRegex(@"^[a-z][a-z0-9+.-]*://", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Url();

    [GeneratedRegex(@"^[A-Z][A-Za-z]{1,40}\z", RegexOptions.CultureInvariant)]
    private static partial Regex KubernetesKind();
}
