using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Listeners;
using SmmAgent.Daemon.Loop;

namespace SmmAgent.Tests.Daemon.Listeners;

public sealed class ListenerServiceTests
{
    private static readonly HttpEndpoint Ok = exchange => exchange.AnswerAsync(200, "ok");

    [Fact]
    public async Task ItListensOnBothFamilies()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
        await using var listeners = await RunningListeners.StartAsync(Ok);

        foreach (var host in new[] { "127.0.0.1", "[::1]" })
            Assert.Equal(
                "ok", await listeners.Client.GetStringAsync($"http://{host}:{listeners.Port()}/", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task EachPortHasItsOwnSite()
    {
        await using var listeners = await RunningListeners.StartAsync(
            TimeProvider.System,
            new EndpointPort("agent", 0, exchange => exchange.AnswerAsync(200, "agent")),
            new EndpointPort("sidecar-metrics", 0, exchange => exchange.AnswerAsync(200, "sidecar")));

        Assert.Equal("agent", await GetAsync(listeners, "agent"));
        Assert.Equal("sidecar", await GetAsync(listeners, "sidecar-metrics"));
    }

    [Fact]
    public async Task OccupiedPortIsReportedAndRetriedWhileTheOtherServes()
    {
        var time = new FakeTimeProvider();
        var taken = new TcpListener(IPAddress.Any, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var listeners = await RunningListeners.StartAsync(
            time, new EndpointPort("agent", port, Ok), new EndpointPort("sidecar-metrics", 0, Ok));

        var fault = $"port {port} is taken by another program; see which: sudo ss -ltnp 'sport = :{port}'";
        Assert.Equal(new ListenerState(port, "agent", fault), listeners.State.Value.Listeners[0]);
        Assert.Equal("ok", await GetAsync(listeners, "sidecar-metrics"));

        await AdvanceAsync(time);
        await AdvanceAsync(time);
        Assert.Equal([$"Warning: Cannot serve a port, retrying in 10 s: {fault}"], listeners.Log.Lines);

        taken.Stop();
        var changed = new Signal();
        listeners.State.NotifyOnChange(changed);
        while (listeners.State.Value.Listeners[0].Error is not null)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await changed.WaitAsync(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        Assert.Equal("ok", await GetAsync(listeners, "agent"));
        Assert.Equal($"Information: Port {port} (agent) is served now", listeners.Log.Lines[^1]);
    }

    [Fact]
    public async Task ItStopsWhileItWaitsForAPort()
    {
        using var taken = new TcpListener(IPAddress.Any, 0);
        taken.Start();
        var listeners = await RunningListeners.StartAsync(
            new FakeTimeProvider(), new EndpointPort("agent", ((IPEndPoint)taken.LocalEndpoint).Port, Ok));

        await listeners.DisposeAsync().AsTask().WaitAsync(TestContext.Current.CancellationToken);

        Assert.NotNull(listeners.State.Value.Listeners[0].Error);
    }

    [Fact]
    public async Task StopDoesNotWaitForOpenConnections()
    {
        var entered = new TaskCompletionSource();
        var listeners = await RunningListeners.StartAsync(exchange =>
        {
            entered.SetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, exchange.Gone);
        });
        var request = listeners.GetAsync("/");
        await entered.Task.WaitAsync(TestContext.Current.CancellationToken);

        await listeners.DisposeAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => request);
        Assert.Empty(listeners.Log.Lines);
    }

    private static Task<string> GetAsync(RunningListeners listeners, string name) =>
        listeners.Client.GetStringAsync($"http://127.0.0.1:{listeners.Port(name)}/", TestContext.Current.CancellationToken);

    private static async Task AdvanceAsync(FakeTimeProvider time)
    {
        time.Advance(TimeSpan.FromSeconds(10));
        await Task.Yield();
    }
}
