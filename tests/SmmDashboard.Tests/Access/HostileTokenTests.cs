using System.Buffers.Text;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Access;
using SmmDashboard.Http;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Access;

/// <summary>
/// JSON that breaks readers, wherever a client may send it. The response is 400 or 401, never 500, and an invalid token is counted.
/// </summary>
public sealed class HostileTokenTests
{
    public static TheoryData<string> Claims =>
    [
        """{"\ud800":1,"\ud801":2}""", """{"sub":"\ud800"}""", """{"exp":1,"exp":2}""", """{"exp":"\udc00"}""", """{"exp":1e999}""",
            """{"exp":{}}""", "[]", "1", "null", "{", "", "{}x",
        """{"a":"\ud800\ud801"}""", """{"kubernetes.io":{"\udfff":1,"\udffe":2}}""", string.Concat(Enumerable.Repeat("[", 2000)),
            string.Concat(Enumerable.Repeat("""{"a":""", 500)), "\u00ff",
    ];

    [Theory]
    [MemberData(nameof(Claims))]
    public async Task HostileTokenIsRefusedAndCounted(string claims)
    {
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Rates = new() { FailuresPerClient = new Rate(2, 1) },
            Seams = new() { Clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50)) },
        });
        var log = new LogLines();
        dashboard.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        var part = Encode(claims);
        (await (Call.MeshConfig() with { Token = $"a.{part}.c" }).SendAsync(dashboard)).IsProblem(401, "token-invalid");
        (await (Call.MeshConfig() with { Token = $"{part}.{part}.c" }).SendAsync(dashboard)).IsProblem(401, "token-invalid");
        (await (Call.MeshConfig() with { Token = $"a.{part}.c" }).SendAsync(dashboard)).IsProblem(429, "too-many-requests");
        Assert.Equal(HttpStatusCode.OK, (await Call.MeshConfig().SendAsync(dashboard)).Status);
        Assert.DoesNotContain(log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Claims))]
    public async Task HostileBodyIsRefused(string body)
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var agent = new TestAgent();
        foreach (var call in (Call[])[agent.Report(), agent.DialBack("[16400]"),
            new Call(HttpMethod.Post, $"{RunningDashboard.Group}/tokens")])
            (await (call with { Body = body, AgentKey = agent.Key }).SendAsync(dashboard)).IsProblem(400, "body-invalid");
    }

    [Theory]
    [MemberData(nameof(Claims))]
    public async Task HostileRegistrationLineIsRefused(string line)
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { HasRegistration = true });
        var log = new LogLines();
        dashboard.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        await using (var sidecar = await TestSidecar.ConnectAsync(dashboard))
            Assert.Equal("RequestInvalid", (await sidecar.AskAsync(line)).GetProperty("reason").GetString());

        await using var other = await TestSidecar.ConnectAsync(dashboard);
        var part = Encode(line);
        var answer = await other.AskAsync(TestSidecar.Request($"{part}.{part}.{part}"));
        Assert.Equal("TokenRefused", answer.GetProperty("reason").GetString());
        Assert.DoesNotContain(log.Lines, one => one.StartsWith("Error", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Claims))]
    public void HostilePayloadHasNoExpiry(string claims) => Assert.Null(new PresentedToken($"a.{Encode(claims)}.c").ExpiresAt);

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
