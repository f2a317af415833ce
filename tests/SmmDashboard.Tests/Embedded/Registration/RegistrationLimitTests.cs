using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Embedded.Registration;
using SmmDashboard.Groups;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Embedded.Registration;

public sealed class RegistrationLimitTests
{
    private static readonly IPAddress One = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Two = IPAddress.Parse("192.0.2.2");

    private int _opened;

    [Fact]
    public async Task SilentConnectionsDoNotExcludeSidecars()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { HasRegistration = true });
        var token = await TestSidecar.TokenAsync(dashboard);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        // Each connection is reopened as soon as it ends.
        var silent = Enumerable.Range(0, 300).Select(_ => StaySilentAsync(dashboard.RegistrationAddress, end.Token)).ToList();
        await Until.TrueAsync(() => Volatile.Read(ref _opened) >= 300, "they are open");

        for (var i = 0; i < 10; i++)
        {
            await using var sidecar = await TestSidecar.ConnectAsync(dashboard);
            Assert.True((await sidecar.AskAsync(TestSidecar.Request(token,
                address: $"198.18.0.{i + 1}"))).GetProperty("registered").GetBoolean());
        }

        await end.CancelAsync();
        await Task.WhenAll(silent);
    }

    [Fact]
    public async Task OneClientCannotTakeAllSlots()
    {
        // This limit on open files leaves 8 slots.
        await using var dashboard =
            await RunningDashboard.StartAsync(new() { HasRegistration = true, Connections = new() { OpenFiles = 520 } });
        var log = new LogLines();
        dashboard.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        var token = await TestSidecar.TokenAsync(dashboard);
        var sidecars = new List<TestSidecar>();
        for (var i = 0; i < 2; i++)
        {
            sidecars.Add(await TestSidecar.ConnectAsync(dashboard));
            Assert.True((await sidecars[^1].AskAsync(TestSidecar.Request(token,
                address: $"198.18.0.{i + 1}"))).GetProperty("registered").GetBoolean());
        }

        await using (var tooMany = await TestSidecar.ConnectAsync(dashboard))
            Assert.Equal("TooManySidecars", (await tooMany.AskAsync(TestSidecar.Request(token))).GetProperty("reason").GetString());
        Assert.Contains(log.Lines, line =>
            line.Contains("vm-integration/analytics-v0 has reached a limit of registered sidecars from 127.0.0.1",
                StringComparison.Ordinal));

        await sidecars[0].DisposeAsync();
        await Until.TrueAsync(
            async () =>
            {
                await using var next = await TestSidecar.ConnectAsync(dashboard);
                return (await next.AskAsync(TestSidecar.Request(token))).GetProperty("registered").GetBoolean();
            },
            "the place of the first is free");
        foreach (var sidecar in sidecars)
            await sidecar.DisposeAsync();
    }

    [Fact]
    public void NewConnectionReplacesOldestOfItsClientOrOfLargestClient()
    {
        var log = new LogLines();
        var newcomers = new PendingConnections(total: 3, perClient: 2, new FakeTimeProvider(), log);
        var first = newcomers.Enter(One, null, CancellationToken.None);
        var second = newcomers.Enter(One, null, CancellationToken.None);
        var other = newcomers.Enter(Two, null, CancellationToken.None);
        Assert.Empty(log.Lines);
        var third = newcomers.Enter(One, null, CancellationToken.None);
        Assert.Equal([true, false, false, false], new[] { first, second, third, other }.Select(one => one.Token.IsCancellationRequested));

        var fourth = newcomers.Enter(IPAddress.Parse("2001:db8::1"), null, CancellationToken.None);
        Assert.Equal([true, false, false, false], new[] { second, third, other, fourth }.Select(one => one.Token.IsCancellationRequested));

        newcomers.Leave(third);
        newcomers.Leave(third);
        var fifth = newcomers.Enter(One, null, CancellationToken.None);
        Assert.Equal([false, false, false], new[] { other, fourth, fifth }.Select(one => one.Token.IsCancellationRequested));
        Assert.Contains("Closing connections that have not registered", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PendingConnectionWithUnreadByteIsKept()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        using var socket = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(new byte[1], TestContext.Current.CancellationToken);
        await Until.TrueAsync(() => socket.Available > 0, "the byte has come");
        var newcomers = new PendingConnections(total: 2, perClient: 2, new FakeTimeProvider(), new LogLines());
        var spoken = newcomers.Enter(One, socket, CancellationToken.None);
        var silent = newcomers.Enter(One, null, CancellationToken.None);
        newcomers.Enter(One, null, CancellationToken.None);
        Assert.Equal((false, true), (spoken.Token.IsCancellationRequested, silent.Token.IsCancellationRequested));
    }

    [Fact]
    public void FullSlotsAreSharedFairlyByGroups()
    {
        var (a, b, c) = (new GroupId("ns", "a"), new GroupId("ns", "b"), new GroupId("ns", "c"));
        var places = new RegistrationSlots(total: 4, perClient: 100, new FakeTimeProvider(), new LogLines());
        var ofA = Enumerable.Range(0, 4).Select(_ => places.Enter(a, One, CancellationToken.None)!).ToList();
        Assert.Null(places.Enter(a, Two, CancellationToken.None));
        var ofB = Enumerable.Range(0, 3).Select(_ => places.Enter(b, One, CancellationToken.None)).ToArray();
        Assert.Equal([false, false, true, true], ofA.Select(place => place.Token.IsCancellationRequested));
        Assert.Null(ofB[2]);
        Assert.NotNull(places.Enter(c, One, CancellationToken.None));
        places.Leave(ofA[0]);
        places.Leave(ofA[0]);
        Assert.NotNull(places.Enter(a, One, CancellationToken.None));
    }

    private async Task StaySilentAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(address, cancellationToken);
                Interlocked.Increment(ref _opened);
                await client.GetStream().ReadExactlyAsync(new byte[1], cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // Ended by the dashboard, or the end of the test.
            }
        }
    }
}
