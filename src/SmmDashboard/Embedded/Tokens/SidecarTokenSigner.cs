using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Groups;
using SmmDashboard.Tokens;

namespace SmmDashboard.Embedded.Tokens;

/// <summary>Creates and verifies the tokens of sidecars (JWT, ES256, one hour).</summary>
public sealed class SidecarTokenSigner(SigningKey key, TimeProvider clock) : ISidecarTokens
{
    private const string Issuer = "smm-dashboard";
    private const string Algorithm = "ES256";

    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    public ValueTask<TokenResponse> MakeAsync(GroupEntry group, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Make(group.Account));

    public TokenResponse Make(ServiceAccount account)
    {
        // Whole seconds, so that the token and the response contain the same time.
        var now = DateTimeOffset.FromUnixTimeSeconds(clock.GetUtcNow().ToUnixTimeSeconds());
        var expiry = now + Lifetime;
        var signed = $"{Jwt.Encode($$"""{"alg":"{{Algorithm}}","kid":"{{key.Id}}","typ":"JWT"}""")}.{Payload(account, now, expiry)}";
        return new TokenResponse($"{signed}.{Jwt.Encode(key.Sign(Encoding.ASCII.GetBytes(signed)))}", expiry);
    }

    /// <summary>Verifies a token.</summary>
    /// <returns>The service account of the token; null with the reason when the token is refused.</returns>
    public ServiceAccount? Verify(string token, out string reason)
    {
        var parts = token.Split('.');
        reason = "the token was not issued by this dashboard; get one from GROUP/tokens";
        if (parts.Length != 3 || !Jwt.TryDecode(parts[0], out var header) || Jwt.Text(header, "alg") != Algorithm
            || !Base64Url.IsValid(parts[2])
            || !key.Verify(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]))
            || !Jwt.TryDecode(parts[1], out var payload)
            || Jwt.Text(payload, "iss") != Issuer)
            return null;

        var now = clock.GetUtcNow();
        var account = ServiceAccount.FromSubject(Jwt.Text(payload, "sub"));
        var isForSidecars = payload.TryGetProperty("aud", out var audiences) && audiences.ValueKind == JsonValueKind.Array
            && audiences.EnumerateArray().Any(audience => audience.ValueEquals(DashboardApi.SidecarAudience));
        reason = !isForSidecars ? $"the audience of the token is not {DashboardApi.SidecarAudience}"
            : Jwt.Time(payload, "exp") is not { } expiry || expiry <= now ? "the token has expired; the agent must renew it"
            : Jwt.Time(payload, "nbf") is { } start && start > now ? "the token is not valid yet; compare the clocks"
            : account is null ? "the token has no service account"
            : "";
        return reason.Length == 0 ? account : null;
    }

    private static string Payload(ServiceAccount account, DateTimeOffset now, DateTimeOffset expiry)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("iss", Issuer);
            writer.WriteString("sub", account.Subject);
            writer.WriteStartArray("aud");
            writer.WriteStringValue(DashboardApi.SidecarAudience);
            writer.WriteEndArray();
            writer.WriteNumber("iat", now.ToUnixTimeSeconds());
            writer.WriteNumber("nbf", now.ToUnixTimeSeconds());
            writer.WriteNumber("exp", expiry.ToUnixTimeSeconds());
            writer.WriteEndObject();
        }

        return Jwt.Encode(buffer.WrittenSpan);
    }
}
