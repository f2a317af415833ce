using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Access;
using SmmDashboard.Embedded.Tokens;
using SmmDashboard.Groups;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Embedded.Tokens;

public sealed class SidecarTokenSignerTests
{
    private static readonly ServiceAccount Account = new("vm-integration", "default");

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));

    [Fact]
    public async Task TokenBelongsToServiceAccountOfGroupForOneHour()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { Seams = new() { Clock = _clock } });
        var answer = await new Call(
            HttpMethod.Post, $"{RunningDashboard.Group}/tokens")
        { Body = """{"audience":"istio-ca"}""" }.SendAsync(dashboard);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 4, 4, 5, TimeSpan.Zero),
            answer.Json.GetProperty("expirationTimestamp").GetDateTimeOffset());
        var token = answer.Json.GetProperty("token").GetString()!;
        Assert.True(Jwt.TryDecode(token.Split('.')[0], out var header));
        Assert.True(Jwt.TryDecode(token.Split('.')[1], out var payload));
        Assert.Equal("ES256", Jwt.Text(header, "alg"));
        Assert.Equal("system:serviceaccount:vm-integration:default", Jwt.Text(payload, "sub"));
        Assert.Equal("istio-ca", payload.GetProperty("aud")[0].GetString());
        Assert.Equal(3600, payload.GetProperty("exp").GetInt64() - payload.GetProperty("iat").GetInt64());
        Assert.Equal(payload.GetProperty("iat").GetInt64(), payload.GetProperty("nbf").GetInt64());
        Assert.False(string.IsNullOrEmpty(Jwt.Text(payload, "iss")));
    }

    [Theory]
    [InlineData("""{"audience":"kubernetes"}""", "audience-not-allowed")]
    [InlineData("""{"audience":""}""", "body-invalid")]
    [InlineData("""{"audience":1}""", "body-invalid")]
    [InlineData("""{}""", "body-invalid")]
    [InlineData("""[]""", "body-invalid")]
    [InlineData("""{"audience":"istio-ca","audience":"x"}""", "body-invalid")]
    [InlineData("""{"audience":""", "body-invalid")]
    public async Task OtherAudienceOrBodyIs400(string body, string code)
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        (await new Call(HttpMethod.Post, $"{RunningDashboard.Group}/tokens") { Body = body }.SendAsync(dashboard)).IsProblem(400, code);
    }

    [Fact]
    public void IssuedTokenIsValidUntilItExpires()
    {
        using var key = SigningKey.Open(null);
        var tokens = new SidecarTokenSigner(key, _clock);
        var token = tokens.Make(Account).Token;
        Assert.Equal(Account, tokens.Verify(token, out _));
        _clock.Advance(SidecarTokenSigner.Lifetime - TimeSpan.FromSeconds(1));
        Assert.Equal(Account, tokens.Verify(token, out _));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(tokens.Verify(token, out var reason));
        Assert.Contains("expired", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void ModifiedTokenIsRefused()
    {
        using var key = SigningKey.Open(null);
        using var otherKey = SigningKey.Open(null);
        var tokens = new SidecarTokenSigner(key, _clock);
        var parts = tokens.Make(Account).Token.Split('.');
        var payload = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
        string[] forged =
        [
            new SidecarTokenSigner(otherKey, _clock).Make(Account).Token,
            $"{parts[0]}.{Jwt.Encode(payload.Replace("default", "admin", StringComparison.Ordinal))}.{parts[2]}",
            $"{Jwt.Encode("""{"alg":"none"}""")}.{parts[1]}.",
            $"{Jwt.Encode("""{"alg":"HS256"}""")}.{parts[1]}.{parts[2]}",
            $"{parts[0]}.{parts[1]}.",
            $"{parts[0]}.{parts[1]}.!!!",
            $"{parts[0]}.{parts[1]}",
            "",
        ];
        Assert.All(forged, token => Assert.Null(tokens.Verify(token, out _)));
    }

    [Theory]
    [InlineData("""{"aud":["kubernetes"],"exp":1800000000}""")]
    [InlineData("""{"aud":["istio-ca"]}""")]
    [InlineData("""{"aud":["istio-ca"],"exp":1800000000,"nbf":1790000000}""")]
    public void SignedTokenForOtherPurposeIsRefused(string claims)
    {
        using var key = SigningKey.Open(null);
        var payload = claims.Replace("{", """{"iss":"smm-dashboard","sub":"system:serviceaccount:a:b",""", StringComparison.Ordinal);
        var signed = $"{Jwt.Encode("""{"alg":"ES256"}""")}.{Jwt.Encode(payload)}";
        var token = $"{signed}.{Jwt.Encode(key.Sign(Encoding.ASCII.GetBytes(signed)))}";
        Assert.Null(new SidecarTokenSigner(key, _clock).Verify(token, out var reason));
        Assert.NotEqual("", reason);
    }

    [Fact]
    public void KeySurvivesRestartInPrivateFile()
    {
        using var folder = new TemporaryFolder();
        string token;
        using (var key = SigningKey.Open(folder.Path("")))
            token = new SidecarTokenSigner(key, _clock).Make(Account).Token;
        using var again = SigningKey.Open(folder.Path(""));
        Assert.Equal(Account, new SidecarTokenSigner(again, _clock).Verify(token, out _));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.Path("signing-key.pem")));
    }

    [Fact]
    public void InvalidKeyFileIsNamed()
    {
        using var folder = new TemporaryFolder();
        folder.Write("signing-key.pem", "nonsense");
        var fault = Assert.Throws<InvalidDataException>(() => SigningKey.Open(folder.Path("")));
        Assert.Contains("signing-key.pem", fault.Message, StringComparison.Ordinal);
    }
}
