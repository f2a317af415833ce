using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using SmmAgent.Contract;

namespace SmmDashboard.Access;

/// <summary>Reads the encoding of a JSON Web Token.</summary>
public static class Jwt
{
    private const int Depth = 8;

    /// <summary>Reads when the token expires; null when it is not a JWT or has no <c>exp</c>. The signature is not verified.</summary>
    public static DateTimeOffset? ExpiresAt(string token)
    {
        var parts = token.Split('.');
        return parts.Length == 3 && TryDecode(parts[1], out var payload) ? Time(payload, "exp") : null;
    }

    /// <summary>Decodes one part into a JSON object.</summary>
    public static bool TryDecode(string part, out JsonElement json)
    {
        json = default;
        return Base64Url.IsValid(part) && StrictJson.TryObject(Base64Url.DecodeFromChars(part), out json, Depth);
    }

    public static DateTimeOffset? Time(JsonElement payload, string claim) =>
        payload.TryGetProperty(claim, out var value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetDouble(out var seconds) && seconds is >= 0 and < 253_402_300_800
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;

    public static string? Text(JsonElement payload, string claim) =>
        payload.TryGetProperty(claim, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    public static string Encode(string json) => Encode(Encoding.UTF8.GetBytes(json));
}
