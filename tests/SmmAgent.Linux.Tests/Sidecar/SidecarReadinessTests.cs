using Microsoft.Extensions.Time.Testing;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Linux.Tests.Sidecar;

public sealed class SidecarReadinessTests : IAsyncDisposable
{
    private readonly RawServer _sidecar = new();
    private readonly FakeTimeProvider _time = new();

    public ValueTask DisposeAsync() => _sidecar.DisposeAsync();

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("HTTP/1.1 500 200 OK\r\n\r\n", false)]
    [InlineData("SSH-2.0-OpenSSH_9.2 HTTP/1.1 200\r\n", false)]
    public async Task OnlyAnAnswerOf200IsReady(string answer, bool isReady)
    {
        _sidecar.Answers = _ => answer;

        Assert.Equal(isReady, await AskAsync());
        Assert.Equal("GET /healthz/ready HTTP/1.1", (await _sidecar.NextAsync()).Line);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 20")]
    public async Task IncompleteAnswerIsNotReady(string answer)
    {
        var asked = AskAsync();
        var request = await _sidecar.NextAsync();
        await request.WriteAsync(answer);
        request.Close();

        Assert.False(await asked);
    }

    [Fact]
    public async Task SilentServerTimesOutAfterTwoSeconds()
    {
        var asked = AskAsync();
        await _sidecar.NextAsync();
        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(asked.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.False(await asked);
    }

    [Fact]
    public async Task PortWithoutAListenerIsNotReady()
    {
        await _sidecar.DisposeAsync();

        Assert.False(await AskAsync());
    }

    private Task<bool> AskAsync() => new SidecarReadiness(_time, _sidecar.Port).IsReadyAsync(TestContext.Current.CancellationToken);
}
