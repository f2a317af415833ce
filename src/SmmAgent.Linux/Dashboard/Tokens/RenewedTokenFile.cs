using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SmmAgent.Core.Tokens;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Dashboard.Tokens;

/// <summary>
/// The bearer token that the dashboard issued in exchange for the token of the operator. The file also has the SHA-256 of that token, so
/// that a new token of the operator invalidates the renewed one. The daemon writes the file. Root only presents the token to the dashboard,
/// like the token of the operator, and does not follow links there.
/// </summary>
public sealed class RenewedTokenFile(string path)
{
    internal const int MaximumBytes = BearerTokenFile.MaximumBytes + 1024;

    /// <returns>Null when there is no renewed token, when it belongs to another token, or when this user may not read it.</returns>
    internal BearerToken? Read(BearerToken operators)
    {
        try
        {
            if (AtomicFile.ReadLimited(path, MaximumBytes, isAgents: true) is not { } bytes)
                return null;

            return Content(bytes) is var (of, token) && of == Sha256(operators)
                && TokenText.Parse(Encoding.UTF8.GetBytes(token)) is { Refusal: null, Wrapping: null, Token: { } text }
                    ? new BearerToken(text)
                    : null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null;
        }
    }

    /// <summary>The token in the content of such a file, whichever token it was issued for; null when the content is invalid.</summary>
    internal static string? TokenIn(byte[] bytes) => Content(bytes)?.Token;

    private static (string Of, string Token)? Content(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.GetProperty("of").GetString() is { } of
                && document.RootElement.GetProperty("token").GetString() is { } token ? (of, token) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Replaces the renewed token.</summary>
    /// <param name="operators">The token of the operator that is in effect.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write the file.</exception>
    public void Write(BearerToken operators, string token)
    {
        var content = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(content))
        {
            writer.WriteStartObject();
            writer.WriteString("of", Sha256(operators));
            writer.WriteString("token", token);
            writer.WriteEndObject();
        }

        AtomicFile.Write(path, content.WrittenSpan, AtomicFile.Private);
    }

    private static string Sha256(BearerToken token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token.Value)));
}
