using SmmAgent.Contract;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Identity;

namespace SmmAgent.Linux.Tests.Dashboard;

/// <summary>What the client sends, how long it waits, and when it stops to ask.</summary>
public sealed class DashboardClientTests : ClientOfRawServer
{
    [Fact]
    public async Task RequestCarriesTokenVersionETagAndWait()
    {
        Server.Answers = _ => Sample.NotModified();
        using var client = Client();

        var result = await client.GetMeshConfigAsync("\"7\"", TimeSpan.FromSeconds(50), TestContext.Current.CancellationToken);

        var request = await Server.NextAsync();
        Assert.IsType<MeshConfigAnswer.NotModified>(result.Value);
        Assert.Equal($"GET {Sample.ConfigPath} HTTP/1.1", request.Line);
        Assert.Equal("Bearer secret-token", request.Header("Authorization"));
        Assert.Equal("smm-agent/1.2.3", request.Header("User-Agent"));
        Assert.Equal("\"7\"", request.Header("If-None-Match"));
        Assert.Equal("wait=50", request.Header("Prefer"));
        Assert.Null(request.Header("Accept-Encoding"));
    }

    [Fact]
    public async Task SlowBodyIsSubjectToTheDeadlineOfTheCall()
    {
        using var client = Client();
        var call = client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);
        var request = await Server.NextAsync();
        await request.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1\"\r\nContent-Length: 100\r\n\r\n{");
        for (var i = 0; i < 3; i++)
        {
            await request.WriteAsync(" ");
            Time.Advance(DashboardClient.Deadline / 4);
        }

        Assert.False(call.IsCompleted);
        Time.Advance(DashboardClient.Deadline / 4);

        Assert.Equal(UnreachableReason.TimedOut, Assert.IsType<DashboardFailure.Unreachable>((await call).Failure).Reason);
        request.Close();
    }

    [Fact]
    public async Task LongPollDeadlineIncludesItsWait()
    {
        using var client = Client();
        var call = client.GetMeshConfigAsync("\"1\"", TimeSpan.FromSeconds(50), TestContext.Current.CancellationToken);
        var request = await Server.NextAsync();
        Time.Advance(TimeSpan.FromSeconds(79));
        await request.SendAsync(Sample.NotModified());

        Assert.IsType<MeshConfigAnswer.NotModified>((await call).Value);
    }

    [Fact]
    public async Task RefusedConnectionIsReported()
    {
        var gone = new RawServer();
        var url = gone.Url;
        await gone.DisposeAsync();
        using var client = Client(url);

        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);

        Assert.Equal(UnreachableReason.Refused, Assert.IsType<DashboardFailure.Unreachable>(result.Failure).Reason);
    }

    [Fact]
    public async Task NameThatDoesNotExistIsReported()
    {
        using var client = Client(new Uri("http://dashboard.invalid:1"));

        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);

        Assert.Equal(UnreachableReason.NoSuchName, Assert.IsType<DashboardFailure.Unreachable>(result.Failure).Reason);
    }

    [Fact]
    public async Task NothingIsSentWithoutAToken()
    {
        File.Delete(TokenPath);

        var result = await AskAsync(Sample.NotModified());

        Assert.Contains("sudo smm-agent set bearer-token", Assert.IsType<DashboardFailure.NoToken>(result.Failure).Reason,
            StringComparison.Ordinal);
        Assert.Equal(0, Server.Count);
    }

    [Fact]
    public async Task NewTokenIsUsedForTheNextRequest()
    {
        Server.Answers = _ => Sample.NotModified();
        using var client = Client();
        await client.GetMeshConfigAsync("\"1\"", TimeSpan.Zero, TestContext.Current.CancellationToken);
        AtomicFile.Write(TokenPath, "another", AtomicFile.Private);
        await client.GetMeshConfigAsync("\"1\"", TimeSpan.Zero, TestContext.Current.CancellationToken);

        await Server.NextAsync();
        Assert.Equal("Bearer another", (await Server.NextAsync()).Header("Authorization"));
    }

    [Fact]
    public async Task BreakerOpensAfterConsecutiveFailuresAndClosesWhenTheDashboardIsBack()
    {
        var answer = RawServer.Answer("500 Internal Server Error", "");
        Server.Answers = _ => answer;
        using var client = Client();
        for (var i = 0; i < 5; i++)
            Assert.IsType<DashboardFailure.ServerError>(await FailureAsync(client));

        var paused = Assert.IsType<DashboardFailure.Paused>(await FailureAsync(client));
        Assert.Equal(5, Server.Count);
        Assert.IsType<DashboardFailure.ServerError>(paused.Because);
        Assert.InRange(paused.For, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

        answer = Sample.NotModified();
        Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Null(await FailureAsync(client));
        Assert.Null(await FailureAsync(client));
        Assert.Equal(7, Server.Count);
    }

    [Theory]
    [InlineData("\"7\"", "\"7\"")]
    [InlineData("W/\"7\"", "\"7\", W/\"7\"")]
    [InlineData("\"7-gzip\"", "\"7\", \"7-gzip\"")]
    public async Task ETagThatAProxyChangedIsSentInItsOriginalForm(string etag, string sent)
    {
        Server.Answers = _ => Sample.NotModified();
        using var client = Client();

        var result = await client.GetMeshConfigAsync(etag, TimeSpan.Zero, TestContext.Current.CancellationToken);

        Assert.IsType<MeshConfigAnswer.NotModified>(result.Value);
        Assert.Equal(sent, (await Server.NextAsync()).Header("If-None-Match"));
    }

    [Fact]
    public async Task RefusalDoesNotOpenTheBreaker()
    {
        Server.Answers = _ => Sample.Problem("401 Unauthorized", "token-invalid", "");
        using var client = Client();
        for (var i = 0; i < 12; i++)
            Assert.IsType<DashboardFailure.Refused>(await FailureAsync(client));
    }

    [Fact]
    public async Task AgentKeyIsSentWithTheCallsOfItsUuidAndIsNotPrinted()
    {
        Server.Answers = _ => "HTTP/1.1 204 No Content\r\n\r\n";
        var identity = AgentIdentity.LoadOrCreate(Path.Combine(Folder.FullName, "identity.json"), buffer => buffer.Fill(7), machine: null);
        using var client = Client();

        var result = await client.PutReportAsync(identity.MadeUuid, identity.Key, Report(), TestContext.Current.CancellationToken);

        var request = await Server.NextAsync();
        Assert.NotNull(result.Value);
        Assert.Equal($"PUT {Sample.ConfigPath.Replace("mesh-config", $"agents/{identity.MadeUuid}", StringComparison.Ordinal)} HTTP/1.1",
            request.Line);
        var key = request.Header("Agent-Key")!;
        Assert.Equal(43, key.Length);
        Assert.Contains("\"interfaceAddresses\":[\"10.0.0.2\"]", request.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(key, identity.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LastReportSaysThatTheAgentWasDetachedAndUsualOnesDoNot()
    {
        Server.Answers = _ => "HTTP/1.1 204 No Content\r\n\r\n";
        var identity = AgentIdentity.LoadOrCreate(Path.Combine(Folder.FullName, "identity.json"), buffer => buffer.Fill(7), machine: null);
        using var client = Client();

        await client.PutReportAsync(identity.MadeUuid, identity.Key, Report(), TestContext.Current.CancellationToken);
        await client.PutLastReportAsync(
            identity.MadeUuid, identity.Key, Report() with { Detached = true }, TestContext.Current.CancellationToken);

        Assert.DoesNotContain("detached", (await Server.NextAsync()).Body, StringComparison.Ordinal);
        var request = await Server.NextAsync();
        Assert.StartsWith("PUT ", request.Line, StringComparison.Ordinal);
        Assert.Contains("\"detached\":true", request.Body, StringComparison.Ordinal);
        Assert.Equal(43, request.Header("Agent-Key")!.Length);
    }

    [Fact]
    public async Task LastReportIsNotWaitedForLongerThanFiveSeconds()
    {
        var identity = AgentIdentity.LoadOrCreate(Path.Combine(Folder.FullName, "identity.json"), buffer => buffer.Fill(7), machine: null);
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        using var client = Client(new Uri($"http://127.0.0.1:{((System.Net.IPEndPoint)silent.LocalEndpoint).Port}"));

        var call = client.PutLastReportAsync(identity.MadeUuid, identity.Key, Report(), TestContext.Current.CancellationToken);
        using var accepted = await silent.AcceptSocketAsync(TestContext.Current.CancellationToken);
        Assert.False(call.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(UnreachableReason.TimedOut, Assert.IsType<DashboardFailure.Unreachable>((await call).Failure).Reason);
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
}
