using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SmmAgent.Core.Tokens;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Dashboard.Tokens;

/// <summary>
/// The bearer token that the dashboard made from the operator's, with the SHA-256 of that one: another token of the operator makes it void.
/// The daemon writes it. Root only presents it to the dashboard, as it would the operator's, and follows no link there.
/// </summary>
public sealed class RenewedTokenFile(string path)
{
    internal const int MaximumBytes = BearerTokenFile.MaximumBytes + 1024;

    /// <returns>Null where there is none, none of this token, or none that this user may read.</returns>
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

    /// <summary>The token in such a file, for whomever it was made; null when it is not what the agent wrote.</summary>
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

    /// <summary>Replaces it.</summary>
    /// <param name="operators">The operator's token that is in force.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
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
