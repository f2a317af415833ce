using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Embedded.Registration;
using SmmDashboard.Hosting;
using SmmDashboard.Http.Connections;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Http;

public sealed class ConnectionTests
{
    [Fact]
    public async Task SilentConnectionsNeitherEndProcessNorExcludeOthers()
    {
        await using var dashboard = await DashboardProcess.StartAsync(openFiles: 700, "--idle-timeout", "2");
        Assert.Contains("Accepting at most 188 connections instead of 40000 (--connections)", dashboard.Output, StringComparison.Ordinal);
        var silent = new List<Socket>();
        try
        {
            foreach (var address in (string[])["127.0.0.2", "127.0.0.3", "127.0.0.4"])
            {
                for (var i = 0; i < 150; i++)
                    silent.Add(await dashboard.ConnectAsync(address));
            }

            // Each address may use a quarter, so the last quarter is left for other addresses.
            Assert.True(await dashboard.IsServingAsync(), dashboard.Output);
            Assert.False(dashboard.HasExited);
            Assert.Contains("47 connections of this address are open (--client-connections)", dashboard.Output, StringComparison.Ordinal);
            Assert.Single(dashboard.Output.Split('\n'), line => line.Contains("Refused a connection", StringComparison.Ordinal));

            // Accepted connections are also closed.
            foreach (var socket in silent)
                await Until.DoneAsync(EndAsync(socket), "a silent connection is ended");
        }
        finally
        {
            silent.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task AcceptLoopWaitsWithoutFreeFile()
    {
        var (clock, log) = (new FakeTimeProvider(), new LogLines());
        var pause = new AcceptPause(clock, log);
        Assert.True(pause.AfterAsync(new SocketException((int)SocketError.ConnectionReset), CancellationToken.None).IsCompleted);
        Assert.Empty(log.Lines);
        for (var i = 0; i < 3; i++)
        {
            var wait = pause.AfterAsync(new SocketException((int)SocketError.TooManyOpenSockets), CancellationToken.None);
            Assert.False(wait.IsCompleted);
            clock.Advance(TimeSpan.FromMilliseconds(100));
            await Until.DoneAsync(wait, "the pause is over");
        }

        Assert.Contains("Cannot accept connections", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task IdleConnectionEndsButLongPollDoesNot()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { Connections = new() { Idle = TimeSpan.FromSeconds(1) } });
        var tag = (await Call.MeshConfig().SendAsync(dashboard)).Headers["ETag"];
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, dashboard.BaseAddress.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"GET {RunningDashboard.Group}/mesh-config HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {MeshYaml.Token}\r\n"
                + $"If-None-Match: {tag}\r\nPrefer: wait=4\r\n\r\n"),
            TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        var watch = Stopwatch.StartNew();
        Assert.Equal("HTTP/1.1 304 Not Modified", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(3), "the request was not held");
        await Until.DoneAsync(reader.ReadToEndAsync(TestContext.Current.CancellationToken), "the connection is ended once it is idle");
    }

    [Fact]
    public async Task ClientLimitAppliesToOpenConnectionsOnly()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { Connections = new() { PerClient = 2 } });
        var log = new LogLines();
        dashboard.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        using var first = await ConnectAsync(dashboard);
        using var second = await ConnectAsync(dashboard);
        await RoundTripAsync(first);
        await RoundTripAsync(second);
        using var third = await ConnectAsync(dashboard);
        await Until.DoneAsync(EndAsync(third.Client), "the third connection is refused");
        Assert.Contains(log.Lines, line =>
            line.Contains("Refused a connection from 127.0.0.1: 2 connections of this address are open (--client-connections)",
                StringComparison.Ordinal));

        first.Dispose();
        await Until.TrueAsync(
            async () =>
            {
                using var next = await ConnectAsync(dashboard);
                return await TryRoundTripAsync(next);
            },
            "the place of the first is free");
    }

    [Fact]
    public async Task OnlyHttp1IsSupported()
    {
        await using var plain = await RunningDashboard.StartAsync();
        using var client = await ConnectAsync(plain);
        await client.GetStream().WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await Until.DoneAsync(EndAsync(client.Client), "the connection is ended, with the frame that says so");

        await using var tls = await RunningDashboard.StartAsync(new() { IsTls = true });
        using var secure = await ConnectAsync(tls);
        await using var stream = new SslStream(secure.GetStream());
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "127.0.0.1",
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
                RemoteCertificateValidationCallback = (_, presented, _, _) =>
                    presented?.GetCertHashString() == TestCertificate.Any.Thumbprint,
            },
            TestContext.Current.CancellationToken);
        Assert.NotEqual(SslApplicationProtocol.Http2, stream.NegotiatedApplicationProtocol);
    }

    [Theory]
    [InlineData(20_000, 1_048_576, false, 20_000, 0)]
    [InlineData(20_000, 1_048_576, true, 20_000, 24_000)]
    [InlineData(40_000, 65_536, true, 40_000, 24_000)]
    [InlineData(20_000, 4_096, false, 3_584, 0)]
    [InlineData(20_000, 4_096, true, 1_792, 1_792)]
    [InlineData(20_000, 20_512, true, 10_000, 10_000)]
    [InlineData(100, 4_096, true, 100, 3_484)]
    [InlineData(20_000, 64, false, 32, 0)]
    public void OpenFileLimitReducesBothBudgets(int wanted, int files, bool hasRegistration, int api, int registration) =>
        Assert.Equal(new ConnectionBudget(api, registration),
            ConnectionBudget.Calculate(new() { Total = wanted, OpenFiles = files }, hasRegistration));

    [Theory]
    [InlineData(1)]
    [InlineData(41)]
    [InlineData(44)]
    [InlineData(3_333)]
    [InlineData(20_000)]
    [InlineData(100_000)]
    public void AllSidecarsOfTheOptionCanRegister(int registered)
    {
        var budget = ConnectionBudget.Calculate(new() { RegisteredSidecars = registered, OpenFiles = 1_048_576 }, hasRegistration: true);
        var settings = new RegistrationListener.Settings(new IPEndPoint(IPAddress.Loopback, 0), null!)
        {
            MaximumConnections = budget.Registration,
        };
        Assert.Equal(registered, settings.MaximumRegistered);
    }

    [Fact]
    public void OpenFileLimitIsParsed()
    {
        Assert.True(OpenFileLimit.Read() > 0);
        Assert.Equal(1024, OpenFileLimit.Parse(["Max cpu time              unlimited            unlimited            seconds",
            "Max open files            1024                 4096                 files"]));
        Assert.Null(OpenFileLimit.Parse(["Max open files            unlimited            unlimited            files"]));
        Assert.Null(OpenFileLimit.Parse([]));
    }

    private static async Task<TcpClient> ConnectAsync(RunningDashboard dashboard)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, dashboard.BaseAddress.Port, TestContext.Current.CancellationToken);
        return client;
    }

    private static async Task RoundTripAsync(TcpClient client) => Assert.True(await TryRoundTripAsync(client));

    private static async Task<bool> TryRoundTripAsync(TcpClient client)
    {
        try
        {
            await client.GetStream().WriteAsync("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(),
                TestContext.Current.CancellationToken);
            return await Until.DoneAsync(
                client.GetStream().ReadAsync(new byte[512], TestContext.Current.CancellationToken).AsTask(), "an answer, or the end") > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task EndAsync(Socket socket)
    {
        try
        {
            while (await socket.ReceiveAsync(new byte[512], TestContext.Current.CancellationToken) > 0)
            {
                // A response with a reason also ends the connection.
            }
        }
        catch (SocketException)
        {
            // A reset also ends the connection.
        }
    }
}
