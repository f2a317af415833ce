using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Contract;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.State;

namespace SmmAgent.Tests.Dashboard;

public sealed class DashboardClientTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-client");
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly RawServer _server = new();

    private string TokenPath => Path.Combine(_folder.FullName, "bearer-token");

    public ValueTask InitializeAsync()
    {
        AtomicFile.Write(TokenPath, "secret-token\n", AtomicFile.Private);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task ARequestCarriesTokenVersionETagAndWait()
    {
        _server.Answers = _ => Sample.NotModified();
        using var client = Client();

        var result = await client.GetMeshConfigAsync("\"7\"", TimeSpan.FromSeconds(50), TestContext.Current.CancellationToken);

        var request = await _server.NextAsync();
        Assert.IsType<MeshConfigAnswer.NotModified>(result.Value);
        Assert.Equal($"GET {Sample.ConfigPath} HTTP/1.1", request.Line);
        Assert.Equal("Bearer secret-token", request.Header("Authorization"));
        Assert.Equal("smm-agent/1.2.3", request.Header("User-Agent"));
        Assert.Equal("\"7\"", request.Header("If-None-Match"));
        Assert.Equal("wait=50", request.Header("Prefer"));
        Assert.Null(request.Header("Accept-Encoding"));
    }

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
        Assert.Equal(OneLine.MaximumCharacters + 3, refused.Detail.Length);
    }

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
    public async Task ABodyThatDripsInIsLateAsAWhole()
    {
        using var client = Client();
        var call = client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);
        var request = await _server.NextAsync();
        await request.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1\"\r\nContent-Length: 100\r\n\r\n{");
        for (var i = 0; i < 3; i++)
        {
            await request.WriteAsync(" ");
            _time.Advance(DashboardClient.Deadline / 4);
        }

        Assert.False(call.IsCompleted);
        _time.Advance(DashboardClient.Deadline / 4);

        Assert.Equal(UnreachableReason.TimedOut, Assert.IsType<DashboardFailure.Unreachable>((await call).Failure).Why);
        request.Close();
    }

    [Fact]
    public async Task ALongPollMayTakeItsWaitLongerThanAnotherCall()
    {
        using var client = Client();
        var call = client.GetMeshConfigAsync("\"1\"", TimeSpan.FromSeconds(50), TestContext.Current.CancellationToken);
        var request = await _server.NextAsync();
        _time.Advance(TimeSpan.FromSeconds(79));
        await request.SendAsync(Sample.NotModified());

        Assert.IsType<MeshConfigAnswer.NotModified>((await call).Value);
    }

    [Fact]
    public async Task ARefusedConnectionIsSaidToBeRefused()
    {
        var gone = new RawServer();
        var url = gone.Url;
        await gone.DisposeAsync();
        using var client = Client(url);

        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);

        Assert.Equal(UnreachableReason.Refused, Assert.IsType<DashboardFailure.Unreachable>(result.Failure).Why);
    }

    [Fact]
    public async Task ANameThatDoesNotExistIsSaidToBeOne()
    {
        using var client = Client(new Uri("http://dashboard.invalid:1"));

        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);

        Assert.Equal(UnreachableReason.NoSuchName, Assert.IsType<DashboardFailure.Unreachable>(result.Failure).Why);
    }

    [Fact]
    public async Task WithoutATokenNothingIsSent()
    {
        File.Delete(TokenPath);

        var result = await AskAsync(Sample.NotModified());

        Assert.Contains("sudo smm-agent set bearer-token", Assert.IsType<DashboardFailure.NoToken>(result.Failure).Reason, StringComparison.Ordinal);
        Assert.Equal(0, _server.Count);
    }

    [Fact]
    public async Task ANewTokenIsUsedAtTheNextRequest()
    {
        _server.Answers = _ => Sample.NotModified();
        using var client = Client();
        await client.GetMeshConfigAsync("\"1\"", TimeSpan.Zero, TestContext.Current.CancellationToken);
        AtomicFile.Write(TokenPath, "another", AtomicFile.Private);
        await client.GetMeshConfigAsync("\"1\"", TimeSpan.Zero, TestContext.Current.CancellationToken);

        await _server.NextAsync();
        Assert.Equal("Bearer another", (await _server.NextAsync()).Header("Authorization"));
    }

    [Fact]
    public async Task TheBreakerOpensAfterFailuresInARowAndClosesWhenTheDashboardIsBack()
    {
        var answer = RawServer.Answer("500 Internal Server Error", "");
        _server.Answers = _ => answer;
        using var client = Client();
        for (var i = 0; i < 5; i++)
            Assert.IsType<DashboardFailure.ServerError>(await FailureAsync(client));

        var paused = Assert.IsType<DashboardFailure.Paused>(await FailureAsync(client));
        Assert.Equal(5, _server.Count);
        Assert.IsType<DashboardFailure.ServerError>(paused.Because);
        Assert.InRange(paused.For, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

        answer = Sample.NotModified();
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Null(await FailureAsync(client));
        Assert.Null(await FailureAsync(client));
        Assert.Equal(7, _server.Count);
    }

    [Fact]
    public async Task ARefusalDoesNotOpenTheBreaker()
    {
        _server.Answers = _ => Sample.Problem("401 Unauthorized", "token-invalid", "");
        using var client = Client();
        for (var i = 0; i < 12; i++)
            Assert.IsType<DashboardFailure.Refused>(await FailureAsync(client));
    }

    [Fact]
    public async Task TheAgentKeyTravelsWithTheCallsOnItsUuidAndPrintsAsNothing()
    {
        _server.Answers = _ => "HTTP/1.1 204 No Content\r\n\r\n";
        var identity = AgentIdentity.LoadOrCreate(Path.Combine(_folder.FullName, "identity.json"), buffer => buffer.Fill(7));
        using var client = Client();

        var result = await client.PutReportAsync(identity.MadeUuid, identity.Key, Report(), TestContext.Current.CancellationToken);

        var request = await _server.NextAsync();
        Assert.NotNull(result.Value);
        Assert.Equal($"PUT {Sample.ConfigPath.Replace("mesh-config", $"agents/{identity.MadeUuid}", StringComparison.Ordinal)} HTTP/1.1", request.Line);
        var key = request.Header("Agent-Key")!;
        Assert.Equal(43, key.Length);
        Assert.Contains("\"interfaceAddresses\":[\"10.0.0.2\"]", request.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(key, identity.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAnswerThatHoldsATokenIsNeverQuoted()
    {
        _server.Answers = _ => RawServer.Answer("200 OK", "{\"token\":\"hush\",\"expirationTimestamp\":\"hush\"}", "Content-Type: application/json\r\n");
        using var client = Client();

        var result = await client.PostTokenAsync(TestContext.Current.CancellationToken);

        var bad = Assert.IsType<DashboardFailure.BadAnswer>(result.Failure);
        Assert.DoesNotContain("hush", FailureText.Of(bad, Target()).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", new TokenResponse("hush", default).ToString(), StringComparison.Ordinal);
    }

    private static AgentReport Report() => new()
    {
        Host = new("vm", "Debian", "amd64"),
        InterfaceAddresses = ["10.0.0.2"],
        Versions = new("1.2.3", null),
        Conditions = [],
        ReportedAt = DateTimeOffset.UnixEpoch,
    };

    private static async Task<DashboardFailure?> FailureAsync(DashboardClient client) =>
        (await client.GetMeshConfigAsync("\"1\"", TimeSpan.Zero, TestContext.Current.CancellationToken)).Failure;

    private async Task<DashboardResult<MeshConfigAnswer>> AskAsync(string answer, bool close = false)
    {
        using var client = Client();
        var call = client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);
        if (await Task.WhenAny(call, _server.NextAsync()) is Task<RawRequest> request)
        {
            try
            {
                await (await request).WriteAsync(answer);
            }
            catch (IOException)
            {
                // The client has read enough.
            }

            (await request).End(close);
        }

        return await call;
    }

    private DashboardTarget Target(Uri? url = null) => new(url ?? _server.Url, Sample.Namespace, Sample.Name);

    private DashboardClient Client(Uri? url = null) => new(Target(url), null, new BearerTokenFile(TokenPath), "1.2.3", _time);
}
