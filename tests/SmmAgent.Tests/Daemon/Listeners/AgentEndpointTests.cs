using SmmAgent.Daemon.Listeners;

namespace SmmAgent.Tests.Daemon.Listeners;

public sealed class AgentEndpointTests
{
    private static readonly Guid Uuid = new("0327b100-a008-4364-a2b3-7d1777bb5b9a");

    private bool _ready = true;
    private Guid? _uuid = Uuid;

    [Theory]
    [InlineData("/healthz", 200, "ok")]
    [InlineData("/readyz", 200, "ok")]
    [InlineData("/metrics", 200, "smm_agent_up 1\n")]
    [InlineData("/dial-back/s3cret-nonce", 200, """{"uuid":"0327b100-a008-4364-a2b3-7d1777bb5b9a"}""")]
    [InlineData("/dial-back/other-nonce", 404, "not found\n")]
    [InlineData("/dial-back/", 404, "not found\n")]
    [InlineData("/dial-back/s3cret-nonce/", 404, "not found\n")]
    [InlineData("/", 404, "not found\n")]
    [InlineData("/healthz/", 404, "not found\n")]
    [InlineData("/stats/prometheus", 404, "not found\n")]
    [InlineData("/healthz?x=y", 200, "ok")]
    public async Task EachPathHasItsAnswer(string path, int status, string body)
    {
        await using var listeners = await StartAsync();

        Assert.Equal((status, body), await listeners.GetAsync(path));
    }

    [Fact]
    public async Task ReadyzSucceedsAfterReadyWasSent()
    {
        _ready = false;
        await using var listeners = await StartAsync();
        Assert.Equal((503, "not ready yet\n"), await listeners.GetAsync("/readyz"));
        Assert.Equal((200, "ok"), await listeners.GetAsync("/healthz"));

        _ready = true;
        Assert.Equal((200, "ok"), await listeners.GetAsync("/readyz"));
    }

    [Fact]
    public async Task WithoutAUuidThereIsNoDialBack()
    {
        _uuid = null;
        await using var listeners = await StartAsync();

        Assert.Equal(404, (await listeners.GetAsync("/dial-back/s3cret-nonce")).Status);
    }

    [Fact]
    public async Task AnswerDoesNotNameTheServerAndIsNotCached()
    {
        await using var listeners = await StartAsync();
        using var response = await listeners.SendAsync(HttpMethod.Get, "/metrics");

        Assert.False(response.Headers.Contains("Server"));
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task HeadHasTheHeadOfGetAndNoBody()
    {
        await using var listeners = await StartAsync();
        using var response = await listeners.SendAsync(HttpMethod.Head, "/healthz");

        Assert.Equal((200, 2L), ((int)response.StatusCode, response.Content.Headers.ContentLength));
        Assert.Equal("", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    public async Task OtherMethodsAreRefusedWithThoseThatAreAllowed(string method)
    {
        await using var listeners = await StartAsync();
        using var response = await listeners.SendAsync(new HttpMethod(method), "/healthz");

        Assert.Equal(405, (int)response.StatusCode);
        Assert.Equal(["GET", "HEAD"], response.Content.Headers.Allow);
    }

    [Fact]
    public async Task ABodyIsRefused()
    {
        await using var listeners = await StartAsync();
        using var response = await listeners.SendAsync(HttpMethod.Get, "/healthz", new ByteArrayContent(new byte[100_000]));

        Assert.Equal(413, (int)response.StatusCode);
        Assert.True(response.Headers.ConnectionClose);
    }

    [Fact]
    public async Task ExceptionOfASiteEndsTheConnectionAndIsLoggedInOneLine()
    {
        await using var listeners = await RunningListeners.StartAsync(_ => throw new InvalidOperationException("broken"));

        await Assert.ThrowsAsync<HttpRequestException>(() => listeners.GetAsync("/healthz"));
        Assert.Equal("Error: A request on port 0 failed: InvalidOperationException: broken", Assert.Single(listeners.Log.Lines));
    }

    private Task<RunningListeners> StartAsync() => RunningListeners.StartAsync(
        new AgentEndpoint(() => _ready, () => "smm_agent_up 1\n", nonce => nonce == "s3cret-nonce", () => _uuid).ServeAsync);
}
