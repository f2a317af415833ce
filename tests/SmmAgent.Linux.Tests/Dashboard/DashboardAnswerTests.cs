using System.Globalization;
using SmmAgent.Contract;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Tests.Dashboard;

/// <summary>What the client makes of an answer.</summary>
public sealed class DashboardAnswerTests : ClientOfRawServer
{
    [Fact]
    public async Task AGoodAnswerBringsTheConfigurationItsBytesAndItsETag()
    {
        var body = Sample.ConfigText();

        var answer = await AskAsync(Sample.Ok(body, "\"abc\""));

        var good = Assert.IsType<MeshConfigAnswer.Changed>(answer.Value).Good;
        Assert.Equal((body, "\"abc\"", 8080), (System.Text.Encoding.UTF8.GetString(good.Body), good.ETag, good.Config.WorkloadGroup.Ports["http"]));
    }

    public static TheoryData<string, string> BadAnswers() => new()
    {
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1\"\r\nContent-Length: 5000\r\n\r\n{\"apiVersion\":", "cut off" },
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1\"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"api\r\n", "cut off" },
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1\"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"", "cut off" },
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1\"\r\nContent-Length: 1048577\r\n\r\n", "larger than 1048576 bytes" },
        { Sample.Ok(new string(' ', MeshConfig.MaximumBytes + 1)), "larger than 1048576 bytes" },
        { RawServer.Answer("200 OK", "<html>sign in</html>", "Content-Type: text/html\r\n"), "content type 'text/html'" },
        { RawServer.Answer("200 OK", Sample.ConfigText(), "ETag: \"1\"\r\n"), "no content type" },
        { RawServer.Answer("200 OK", Sample.ConfigText(), "ETag: \"1\"\r\nContent-Type: application/json; charset=utf-16\r\n"), "charset=utf-16" },
        { RawServer.Answer("200 OK", Sample.ConfigText(), "Content-Type: application/json\r\n"), "ETag: is missing" },
        { Sample.Ok(""), "not valid JSON" },
        { Sample.Ok("{}"), "workloadGroup: is required and missing" },
        { Sample.Ok("{\"apiVersion\":\"smm/v2\"}"), "apiVersion: 'smm/v2' is not understood" },
        { Sample.Ok(Sample.ConfigText().Replace("analytics-v0", "other", StringComparison.Ordinal)), "vm-integration/other, but vm-integration/analytics-v0 was asked for" },
        { Sample.NotModified(), "no configuration" },
        { "HTTP/1.1 204 No Content\r\n\r\n", "status 204" },
        { "SSH-2.0-OpenSSH_9.2\r\n", "not HTTP" },
        { $"HTTP/1.1 200 OK\r\nX: {new string('x', 40 * 1024)}\r\n\r\n", "headers larger" },
    };

    [Theory]
    [MemberData(nameof(BadAnswers))]
    public async Task AnAnswerThatIsNotWhatTheContractSaysIsRefusedWithItsFault(string answer, string told)
    {
        var result = await AskAsync(answer, close: true);

        var bad = Assert.IsType<DashboardFailure.BadAnswer>(result.Failure);
        Assert.Contains(bad.Faults, fault => fault.ToString().Contains(told, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("401 Unauthorized", "token-invalid")]
    [InlineData("403 Forbidden", "not-this-workload-group")]
    [InlineData("404 Not Found", "workload-group-not-found")]
    [InlineData("426 Upgrade Required", "agent-too-old")]
    public async Task ARefusalTellsItsCodeAndDetail(string status, string code)
    {
        var result = await AskAsync(Sample.Problem(status, code, "because"));

        Assert.Equal(new DashboardFailure.Refused(int.Parse(status[..3], CultureInfo.InvariantCulture), code, "because"), result.Failure);
    }

    [Fact]
    public async Task TheDetailOfAProblemIsOneShortLineWithNothingThatATerminalObeys()
    {
        var detail = "a\\u001b[31mred\\r\\nline\\u2028" + new string('x', 500);

        var refused = Assert.IsType<DashboardFailure.Refused>((await AskAsync(Sample.Problem("403 Forbidden", "c", detail))).Failure);

        Assert.StartsWith("a [31mred line x", refused.Detail, StringComparison.Ordinal);
        Assert.Equal(OneLine.MaximumDetail + 3, refused.Detail.Length);
    }

    public static TheoryData<string, string> RefusedTokens()
    {
        const string Refused = "the dashboard refused the bearer token";
        const string SetNew = "; set a new one: sudo smm-agent set bearer-token --stdin";
        return new()
        {
            { Unauthorized("""{"code":"token-invalid","detail":"add its hash","reason":"TokenUnknown"}"""), $"{Refused} (TokenUnknown) and says: add its hash" },
            { Unauthorized("""{"code":"token-invalid","detail":"no","reason":"[invalid bearer token]"}"""), $"{Refused} ([invalid bearer token]) and says: no" },
            { Unauthorized("""{"code":"token-invalid","detail":"make one","later":{}}"""), $"{Refused} and says: make one" },
            { Unauthorized("""{"code":"token-invalid","detail":"","reason":"TokenExpired"}"""), $"{Refused} (TokenExpired){SetNew}" },
            { Unauthorized("""{"code":"token-invalid","detail":"a\u001b[2J\r\nb","reason":"c\u202e\nd"}"""), $"{Refused} (c d) and says: a [2J b" },
            { Unauthorized("""{"code":"token-invalid","detail":"no secret-token here","reason":"secret-token"}"""), $"{Refused} (TOKEN) and says: no TOKEN here" },
            {
                Unauthorized($$"""{"code":"token-invalid","detail":"{{new string('x', 900)}}","reason":"{{new string('y', 900)}}"}"""),
                $"{Refused} ({new string('y', 200)}...) and says: {new string('x', 400)}..."
            },
            { Unauthorized("""{"code":"token-invalid","detail":"no","reason":{}}"""), $"{Refused}{SetNew}" },
            { Unauthorized("""{"detail":"log in first"}"""), $"{Refused} (log in first){SetNew}" },
            { RawServer.Answer("401 Unauthorized", "<html>log in", "Content-Type: text/html\r\n"), $"{Refused}{SetNew}" },
        };
    }

    [Theory]
    [MemberData(nameof(RefusedTokens))]
    public async Task ARefusedTokenIsReportedInTheDashboardsWordsWhereItHasAny(string answer, string message)
    {
        var result = await AskAsync(answer);

        Assert.Equal(("TokenRefused", message), FailureText.Of(result.Failure!, Target()));
    }

    private static string Unauthorized(string problem) => RawServer.Answer("401 Unauthorized", problem, "Content-Type: application/problem+json\r\n");

    [Theory]
    [InlineData("Retry-After: 120\r\n", 120)]
    [InlineData("Retry-After: Thu, 01 Jan 2026 12:02:00 GMT\r\n", 120)]
    [InlineData("Retry-After: Thu, 01 Jan 2026 11:00:00 GMT\r\n", 1)]
    [InlineData("Retry-After: 999999\r\n", 3600)]
    public async Task RetryAfterIsUnderstoodInBothFormsAndCapped(string header, int seconds)
    {
        var result = await AskAsync(Sample.Problem("429 Too Many Requests", "too-many-requests", "", header));

        Assert.Equal(TimeSpan.FromSeconds(seconds), Assert.IsType<DashboardFailure.RateLimited>(result.Failure).RetryAfter);
    }

    [Fact]
    public async Task AServerErrorTellsItsStatusEvenWhenItsBodyIsNotAProblem()
    {
        var result = await AskAsync(RawServer.Answer("503 Service Unavailable", "<html>", "Content-Type: text/html\r\nRetry-After: 7\r\n"));

        Assert.Equal(new DashboardFailure.ServerError(503, TimeSpan.FromSeconds(7), ""), result.Failure);
    }

    [Theory]
    [InlineData("301 Moved Permanently")]
    [InlineData("302 Found")]
    [InlineData("307 Temporary Redirect")]
    [InlineData("308 Permanent Redirect")]
    public async Task ATokenNeverFollowsARedirectToAnotherOrigin(string status)
    {
        await using var other = new RawServer { Answers = _ => Sample.Ok(Sample.ConfigText()) };

        var result = await AskAsync(RawServer.Answer(status, "", $"Location: {other.Url}elsewhere?x=1\r\n"));

        var redirected = Assert.IsType<DashboardFailure.Redirected>(result.Failure);
        Assert.Equal(other.Url, redirected.To);
        Assert.Equal(0, other.Count);
        var (reason, message) = FailureText.Of(redirected, Target());
        Assert.Equal("Redirected", reason);
        Assert.EndsWith($"sudo smm-agent set dashboard-url http://127.0.0.1:{other.Port}", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAnswerThatHoldsATokenIsNeverQuoted()
    {
        Server.Answers = _ => RawServer.Answer("200 OK", "{\"token\":\"hush\",\"expirationTimestamp\":\"hush\"}", "Content-Type: application/json\r\n");
        using var client = Client();

        var result = await client.PostTokenAsync(TestContext.Current.CancellationToken);

        var bad = Assert.IsType<DashboardFailure.BadAnswer>(result.Failure);
        Assert.DoesNotContain("hush", FailureText.Of(bad, Target()).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", new TokenResponse("hush", default).ToString(), StringComparison.Ordinal);
    }
}
