using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Daemon.Listeners;

namespace SmmAgent.Tests.Daemon.Listeners;

public sealed class SidecarMetricsEndpointTests : IAsyncDisposable
{
    private const string Metrics = "istio_requests_total 42\n";

    private readonly FakeTimeProvider _time = new();
    private readonly TcpListener _upstream = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private SidecarMetricsEndpoint? _site;
    private Task _serving = Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _serving;
        _upstream.Dispose();
        _site?.Dispose();
        _end.Dispose();
    }

    [Theory]
    [InlineData("/metrics")]
    [InlineData("/stats/prometheus")]
    public async Task BothPathsAreTheSidecarsMetrics(string path)
    {
        var requests =
            Serve(
                "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0\r\nContent-Length: "
                    + $"{Metrics.Length}\r\n\r\n{Metrics}");
        await using var listeners = await StartAsync();
        listeners.Client.DefaultRequestHeaders.Add("Accept", "application/openmetrics-text");
        listeners.Client.DefaultRequestHeaders.Add("Cookie", "a=b");

        using var response = await listeners.SendAsync(HttpMethod.Get, path);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("application/openmetrics-text; version=1.0.0", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(Metrics, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var request = Assert.Single(requests);
        Assert.StartsWith("GET /stats/prometheus HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains("Accept: application/openmetrics-text\r\n", request, StringComparison.Ordinal);
        Assert.DoesNotContain("Cookie", request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/healthz")]
    [InlineData("/stats/prometheus/../../quitquitquit")]
    [InlineData("/metrics/x")]
    public async Task EverythingElseIsNotFound(string path)
    {
        await using var listeners = await StartAsync();

        Assert.Equal(404, (await listeners.GetAsync(path)).Status);
    }

    [Fact]
    public async Task StoppedSidecarIsReported()
    {
        _upstream.Start();
        await using var listeners = await StartAsync();
        var port = Port;
        _upstream.Stop();

        Assert.Equal(
            (503, $"the sidecar is not running: 127.0.0.1:{port} refused the connection; systemctl status istio\n"),
            await listeners.GetAsync("/metrics"));
    }

    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "the sidecar answered 404 to ")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://198.18.0.1/\r\nContent-Length: 0\r\n\r\n", "the sidecar answered 302 to ")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n",
        "the sidecar's metrics are 2000 bytes, more than the 1000 that the agent forwards")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "the sidecar aborted its answer: ")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n", "the sidecar aborted its answer: ")]
    [InlineData("", "the sidecar aborted its answer: ")]
    public async Task InvalidAnswerOfTheSidecarIsReported(string answer, string reason)
    {
        Serve(answer);
        await using var listeners = await StartAsync();

        var (status, body) = await listeners.GetAsync("/metrics");

        Assert.Equal(503, status);
        Assert.StartsWith(reason, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASidecarThatDoesNotAnswerIsGivenUp()
    {
        var requests = Serve(answer: null);
        await using var listeners = await StartAsync();

        var scrape = listeners.GetAsync("/metrics");
        await UntilAsync(() => requests.Count == 1);
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal((503, $"the sidecar did not answer within 5 s at http://127.0.0.1:{Port}/stats/prometheus\n"), await scrape);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 2000)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", 400)]
    public async Task PartialAnswerIsNotTakenForACompleteOne(string head, int body)
    {
        Serve(head + new string('x', body));
        await using var listeners = await StartAsync();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => listeners.GetAsync("/metrics"));
        Assert.Empty(listeners.Log.Lines);
    }

    [Fact]
    public async Task AtMostFourScrapesReachTheSidecarAtOnce()
    {
        var requests = Serve(answer: null);
        await using var listeners = await StartAsync();
        var scrapes = Enumerable.Range(0, 4).Select(_ => listeners.GetAsync("/metrics")).ToList();
        await UntilAsync(() => requests.Count == 4);

        using var fifth = await listeners.SendAsync(HttpMethod.Get, "/metrics");
        Assert.Equal((503, "5"), ((int)fifth.StatusCode, fifth.Headers.RetryAfter!.ToString()));
        Assert.Equal("4 scrapes are already in progress\n", await fifth.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(4, requests.Count);

        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.All(await Task.WhenAll(scrapes),
            scrape => Assert.StartsWith("the sidecar did not answer", scrape.Body, StringComparison.Ordinal));
    }

    private int Port => ((IPEndPoint)_upstream.LocalEndpoint).Port;

    private Task<RunningListeners> StartAsync()
    {
        _upstream.Start();
        _site = new SidecarMetricsEndpoint(_time, new SidecarMetricsLimits { MaximumBytes = 1000 }, Port);
        return RunningListeners.StartAsync(_site.ServeAsync);
    }

    /// <summary>Answers every request with these bytes and closes; with null never answers.</summary>
    private List<string> Serve(string? answer)
    {
        var requests = new List<string>();
        _upstream.Start();
        _serving = ServeAsync(answer, requests);
        return requests;
    }

    private async Task ServeAsync(string? answer, List<string> requests)
    {
        var connections = new List<Socket>();
        try
        {
            while (true)
            {
                var socket = await _upstream.AcceptSocketAsync(_end.Token);
                connections.Add(socket);
                var buffer = new byte[4096];
                var length = await socket.ReceiveAsync(buffer, _end.Token);
                lock (requests)
                    requests.Add(Encoding.ASCII.GetString(buffer, 0, length));
                if (answer is null)
                    continue;

                await socket.SendAsync(Encoding.ASCII.GetBytes(answer), _end.Token);
                socket.Shutdown(SocketShutdown.Both);
            }
        }
        catch (OperationCanceledException)
        {
            connections.ForEach(connection => connection.Dispose());
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, TestContext.Current.CancellationToken);
    }
}
