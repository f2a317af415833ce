using System.Globalization;
using SmmAgent.Contract;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Linux.Tests.Dashboard;

/// <summary>What the client makes of an answer.</summary>
public sealed class DashboardAnswerTests : ClientOfRawServer
{
    [Fact]
    public async Task ValidAnswerReturnsTheConfigurationItsBytesAndItsETag()
    {
        var body = Sample.ConfigText();

        var answer = await AskAsync(Sample.Ok(body, "\"abc\""));

        var good = Assert.IsType<MeshConfigAnswer.Changed>(answer.Value).Good;
        Assert.Equal((body, "\"abc\"", 8080),
            (System.Text.Encoding.UTF8.GetString(good.Body), good.ETag, good.Config.WorkloadGroup.Ports["http"]));
    }

    public static TheoryData<string, string> BadAnswers() => new()
    {
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1\"\r\nContent-Length: 5000\r\n\r\n{\"apiVersion\":", "cut off" },
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1\"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"api\r\n",
            "cut off" },
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1\"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"", "cut off" },
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1\"\r\nContent-Length: 1048577\r\n\r\n",
            "larger than 1048576 bytes" },
        { Sample.Ok(new string(' ', MeshConfig.MaximumBytes + 1)), "larger than 1048576 bytes" },
        { RawServer.Answer("200 OK", "<html>sign in</html>", "Content-Type: text/html\r\n"), "content type 'text/html'" },
        { RawServer.Answer("200 OK", Sample.ConfigText(), "ETag: \"1\"\r\n"), "no content type" },
        { RawServer.Answer("200 OK", Sample.ConfigText(), "ETag: \"1\"\r\nContent-Type: application/json; charset=utf-16\r\n"),
            "charset=utf-16" },
        { RawServer.Answer("200 OK", Sample.ConfigText(), "Content-Type: application/json\r\n"), "ETag: is missing" },
        { Sample.Ok(""), "not valid JSON" },
        { Sample.Ok("{}"), "workloadGroup: is required and missing" },
        { Sample.Ok("{\"apiVersion\":\"smm/v2\"}"), "apiVersion: 'smm/v2' is not understood" },
        { Sample.Ok(Sample.ConfigText().Replace("analytics-v0", "other", StringComparison.Ordinal)),
            "vm-integration/other, but vm-integration/analytics-v0 was asked for" },
        { Sample.NotModified(), "no configuration" },
        { "HTTP/1.1 204 No Content\r\n\r\n", "status 204" },
        { "SSH-2.0-OpenSSH_9.2\r\n", "not HTTP" },
        { Sample.Ok("\u001f\u008b", headers: "Content-Encoding: gzip\r\n"), "is compressed (gzip), which the agent did not ask for" },
        { $"HTTP/1.1 200 OK\r\nX: {new string('x', 40 * 1024)}\r\n\r\n", "headers larger" },
    };

    [Theory]
    [MemberData(nameof(BadAnswers))]
    public async Task AnswerThatViolatesTheContractIsRefusedWithTheError(string answer, string shown)
    {
        var result = await AskAsync(answer, close: true);

        var bad = Assert.IsType<DashboardFailure.BadAnswer>(result.Failure);
        Assert.Contains(bad.Faults, fault => fault.ToString().Contains(shown, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("401 Unauthorized", "token-invalid")]
    [InlineData("403 Forbidden", "not-this-workload-group")]
    [InlineData("404 Not Found", "workload-group-not-found")]
    [InlineData("426 Upgrade Required", "agent-too-old")]
    public async Task RefusalReportsItsCodeAndDetail(string status, string code)
    {
        var result = await AskAsync(Sample.Problem(status, code, "because"));

        Assert.Equal(new DashboardFailure.Refused(int.Parse(status[..3], CultureInfo.InvariantCulture), code, "because"), result.Failure);
    }

    [Fact]
    public async Task ProblemDetailIsOneShortLineWithoutControlCharacters()
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
            { Unauthorized("""{"code":"token-invalid","detail":"add its hash","reason":"TokenUnknown"}"""),
                $"{Refused} (TokenUnknown) and says: add its hash" },
            { Unauthorized("""{"code":"token-invalid","detail":"no","reason":"[invalid bearer token]"}"""),
                $"{Refused} ([invalid bearer token]) and says: no" },
            { Unauthorized("""{"code":"token-invalid","detail":"make one","later":{}}"""), $"{Refused} and says: make one" },
            { Unauthorized("""{"code":"token-invalid","detail":"","reason":"TokenExpired"}"""), $"{Refused} (TokenExpired){SetNew}" },
            { Unauthorized("""{"code":"token-invalid","detail":"a\u001b[2J\r\nb","reason":"c\u202e\nd"}"""),
                $"{Refused} (c d) and says: a [2J b" },
            { Unauthorized("""{"code":"token-invalid","detail":"no secret-token here","reason":"secret-token"}"""),
                $"{Refused} (TOKEN) and says: no TOKEN here" },
            {
                Unauthorized($$"""{"code":"token-invalid","detail":"{{new string('x', 900)}}","reason":"{{new string('y', 900)}}"}"""),
                $"{Refused} ({new string('y', 200)}...) and says: {new string('x', 400)}..."
            },
            { Unauthorized("""{"code":"token-invalid","detail":"no","reason":{}}"""), $"{Refused}{SetNew}" },
        };
    }

    [Theory]
    [MemberData(nameof(RefusedTokens))]
    public async Task RefusedTokenIsReportedWithTheReasonOfTheDashboard(string answer, string message)
    {
        var result = await AskAsync(answer);

        Assert.Equal(("TokenRefused", message), FailureText.Format(result.Failure!, Target()));
    }

    public static TheoryData<string, string> AnswersInFront() => new()
    {
        {
            "HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\nserver: istio-envoy\r\ncontent-length: 19\r\n\r\nRBAC: access denied",
            "(Server: istio-envoy) at {0} refuses the request with 403, and says 'RBAC: access denied'; the dashboard has not seen it; "
                + "have it allow requests of VMs for /v1/"
        },
        {
            RawServer.Answer("401 Unauthorized", "<html><head><title>401 &amp; more</title></head>",
                "Content-Type: text/html\r\nServer: nginx\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"),
            "(Server: nginx) at {0} refuses the request with 401, and says '401 & more'; the dashboard has not seen it; have it let "
                + "requests for 127.0.0.1 through without Basic authentication"
        },
        { RawServer.Answer("404 Not Found", "\n  default backend - 404\nmore", "Content-Type: text/plain\r\n"),
            "at {0} refuses the request with 404, and says 'default backend - 404'; " },
        { RawServer.Answer("404 Not Found", ""),
            "something in front of the dashboard at {0} refuses the request with 404; the dashboard has not seen it; have it route "
                + "127.0.0.1 and its path /v1/" },
        { RawServer.Answer("403 Forbidden", "{\"message\":\"Forbidden\"}", "Content-Type: application/json\r\n"),
            "says '{{\"message\":\"Forbidden\"}}'" },
        { RawServer.Answer("403 Forbidden", "{\"kind\":\"Status\",\"code\":403}", "Content-Type: application/json\r\n"),
            "refuses the request with 403" },
        { RawServer.Answer("426 Upgrade Required", "", "Server: envoy\r\n"), "have it accept HTTP/1.1" },
        { RawServer.Answer("400 Bad Request", "<title>400 No required SSL certificate was sent</title>", "Content-Type: text/html\r\n"),
            "have it require no client certificate" },
        { RawServer.Answer("403 Forbidden", "a\u001b[2J\u202e secret-token b", "Server: x\r\nContent-Type: text/plain\r\n"),
            "says 'a [2J  TOKEN b'" },
        { RawServer.Answer("403 Forbidden", "{\"code\":\"AccessDenied\",\"message\":\"no\"}", "Content-Type: application/json\r\n"),
            "AccessDenied" },
        { Unauthorized("""{"type":"about:blank","title":"Unauthorized","status":401,"detail":"log in first"}"""),
            "refuses the request with 401, and says 'log in first'" },
        { RawServer.Answer("404 Not Found", "{\"status\":404,\"title\":\"no route\"}", "Content-Type: application/problem+json\r\n"),
            "says 'no route'" },
        { RawServer.Answer("400 Bad Request", "An HTTP/1.x request was sent to an HTTP/2 only endpoint."), "have it accept HTTP/1.1" },
        { RawServer.Answer("407 Proxy Authentication Required", "", "Proxy-Authenticate: Basic realm=x\r\n"),
            "without Basic authentication" },
        { RawServer.Answer("403 Forbidden", new string('x', 40_000), "Content-Type: text/plain\r\n"), "refuses the request with 403; " },
    };

    [Theory]
    [MemberData(nameof(AnswersInFront))]
    public async Task RefusalWithoutAProblemDocumentIsNotFromTheDashboard(string answer, string shown)
    {
        var (reason, message) = FailureText.Format((await AskAsync(answer)).Failure!, Target());

        Assert.Equal("RefusedInFront", reason);
        Assert.Contains(string.Format(CultureInfo.InvariantCulture, shown, Server.Url.GetLeftPart(UriPartial.Authority)), message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("429 Too Many Requests", "RateLimited",
        "(Server: cdn) at {0} asks for fewer requests, and says 'slow down'; have it allow more requests from this VM's address")]
    [InlineData("511 Network Authentication Required", "DashboardError", "log this VM in to its network")]
    [InlineData("522 Connection Timed Out", "DashboardError", "see whether it reaches the dashboard")]
    [InlineData("524 A Timeout Occurred", "DashboardError", "see whether it reaches the dashboard")]
    public async Task OtherAnswersOfAnIntermediaryAreNotFromTheDashboard(string status, string reason, string shown)
    {
        var (found, message) = FailureText.Format(
            (await AskAsync(RawServer.Answer(status, "slow down", "Server: cdn\r\n"))).Failure!, Target());

        Assert.Equal(reason, found);
        Assert.Contains(string.Format(CultureInfo.InvariantCulture, shown, Server.Url.GetLeftPart(UriPartial.Authority)), message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task IntermediaryServerErrorNamesTheIntermediaryAndNotTheDashboardLog()
    {
        var (reason, message) = FailureText.Format(
            (await AskAsync(RawServer.Answer(
                "503 Service Unavailable", "no healthy upstream", "Content-Type: text/plain\r\nServer: envoy\r\n"))).Failure!, Target());

        Assert.Equal("DashboardError", reason);
        Assert.Contains("(Server: envoy)", message, StringComparison.Ordinal);
        Assert.EndsWith(
            "answered 503, and says 'no healthy upstream'; see whether it reaches the dashboard: its backend, its health check "
                + "and its time limits", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IncompleteAnswerNamesLostPackets()
    {
        using var client = Client();
        var call = client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);
        var request = await Server.NextAsync();
        await request.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1\"\r\nContent-Length: 9000\r\n\r\n{");
        while (!call.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(10));
            await Task.WhenAny(call, Task.Delay(50, TestContext.Current.CancellationToken));
        }

        request.Close();
        Assert.Contains("MTU of VPNs", Assert.IsType<DashboardFailure.Unreachable>((await call).Failure).Detail, StringComparison.Ordinal);
    }

    private static string Unauthorized(string problem) =>
        RawServer.Answer("401 Unauthorized", problem, "Content-Type: application/problem+json\r\n");

    [Theory]
    [InlineData("Retry-After: 120\r\n", 120)]
    [InlineData("Retry-After: Thu, 01 Jan 2026 12:02:00 GMT\r\n", 120)]
    [InlineData("Retry-After: Thu, 01 Jan 2026 11:00:00 GMT\r\n", 1)]
    [InlineData("Retry-After: 999999\r\n", 3600)]
    public async Task RetryAfterIsParsedInBothFormsAndLimited(string header, int seconds)
    {
        var result = await AskAsync(Sample.Problem("429 Too Many Requests", "too-many-requests", "", header));

        Assert.Equal(TimeSpan.FromSeconds(seconds), Assert.IsType<DashboardFailure.RateLimited>(result.Failure).RetryAfter);
    }

    [Fact]
    public async Task ServerErrorReportsItsStatusWithoutAProblemDocument()
    {
        var result = await AskAsync(RawServer.Answer("503 Service Unavailable", "<html>", "Content-Type: text/html\r\nRetry-After: 7\r\n"));

        Assert.Equal(
            new DashboardFailure.ServerError(503, TimeSpan.FromSeconds(7), "", new Intermediary(null, "<html>", null)), result.Failure);
    }

    [Theory]
    [InlineData("301 Moved Permanently")]
    [InlineData("302 Found")]
    [InlineData("307 Temporary Redirect")]
    [InlineData("308 Permanent Redirect")]
    public async Task TokenIsNotSentToARedirectTarget(string status)
    {
        await using var other = new RawServer { Answers = _ => Sample.Ok(Sample.ConfigText()) };

        var result = await AskAsync(RawServer.Answer(status, "", $"Location: {other.Url}elsewhere?x=1\r\n"));

        var redirected = Assert.IsType<DashboardFailure.Redirected>(result.Failure);
        Assert.Equal(other.Url, redirected.To);
        Assert.Equal(0, other.Count);
        var (reason, message) = FailureText.Format(redirected, Target());
        Assert.Equal("Redirected", reason);
        Assert.EndsWith(
            "if that is a login page, let VMs through without a login; if that is the dashboard: sudo smm-agent set dashboard-url "
                + $"http://127.0.0.1:{other.Port}", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnswerWithATokenIsNotQuoted()
    {
        Server.Answers = _ => RawServer.Answer(
            "200 OK", "{\"token\":\"hush\",\"expirationTimestamp\":\"hush\"}", "Content-Type: application/json\r\n");
        using var client = Client();

        var result = await client.PostTokenAsync(TestContext.Current.CancellationToken);

        var bad = Assert.IsType<DashboardFailure.BadAnswer>(result.Failure);
        Assert.DoesNotContain("hush", FailureText.Format(bad, Target()).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", new TokenResponse("hush", default).ToString(), StringComparison.Ordinal);
    }
}
