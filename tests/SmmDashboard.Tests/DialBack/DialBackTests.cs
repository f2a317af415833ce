using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Contract;
using SmmDashboard.DialBack;
using SmmDashboard.Http;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.DialBack;

public sealed class DialBackTests
{
    private const string Nonce = "0123456789abcdef";

    private readonly Guid _uuid = Guid.NewGuid();

    [Fact]
    public async Task MatchingAgentIsReachable()
    {
        var request = "";
        var result = await DialAsync($$"""{"uuid":"{{_uuid}}"}""", seen => request = seen);
        Assert.True(result.Reachable);
        Assert.Null(result.Error);
        Assert.True(result.LatencyMs >= 0);
        Assert.StartsWith($"GET /dial-back/{Nonce} HTTP/1.1\r\n", request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("200 OK", "{\"uuid\":\"0327b100-a008-4364-a2b3-7d1777bb5b9a\"}")]
    [InlineData("200 OK", "{}")]
    [InlineData("200 OK", "<html>")]
    [InlineData("404 Not Found", "UUID")]
    [InlineData("302 Found\r\nLocation: /elsewhere", "UUID")]
    [InlineData("200 OK", "LONG")]
    [InlineData("200 OK\r\nX-Long: LONG", "UUID")]
    public async Task OtherAnswerIsWrongHost(string status, string body)
    {
        string Fill(string text) => text.Replace("UUID", $$"""{"uuid":"{{_uuid}}"}""", StringComparison.Ordinal)
            .Replace("LONG", new string(' ', 4096) + ".", StringComparison.Ordinal);
        var result = await DialAsync(Fill(body), _ => { }, Fill(status));
        Assert.False(result.Reachable);
        Assert.Equal("wrong-host", result.Error);
        Assert.Null(result.LatencyMs);
    }

    [Fact]
    public async Task ConnectionClosedWithoutAnswerIsWrongHost()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var dialler = new Dialler(new FakeTimeProvider());
        var dial = dialler.DialAsync((IPEndPoint)listener.LocalEndpoint, new AgentQuestion(Nonce, _uuid), Token);
        (await listener.AcceptSocketAsync(Token)).Dispose();
        Assert.Equal("wrong-host", (await Until.DoneAsync(dial, "the dial-back ends")).Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 48\r\n\r\n{")]
    public async Task QuestionWithoutAnswerIsTimeout(string begun)
    {
        var clock = new FakeTimeProvider();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var dialler = new Dialler(clock);
        var dial = dialler.DialAsync((IPEndPoint)listener.LocalEndpoint, new AgentQuestion(Nonce, _uuid), Token);
        using var accepted = await listener.AcceptSocketAsync(Token);
        Assert.True(await Until.DoneAsync(accepted.ReceiveAsync(new byte[4096], Token).AsTask(), "the question comes") > 0);
        await accepted.SendAsync(Encoding.ASCII.GetBytes(begun), Token);
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("timeout", (await Until.DoneAsync(dial, "the dial-back ends with its time")).Error);
    }

    [Fact]
    public async Task DialBackEndsWithItsRequest()
    {
        using var request = CancellationTokenSource.CreateLinkedTokenSource(Token);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var dialler = new Dialler(new FakeTimeProvider());
        var dial = dialler.DialAsync((IPEndPoint)listener.LocalEndpoint, new AgentQuestion(Nonce, _uuid), request.Token);
        using var accepted = await listener.AcceptSocketAsync(Token);
        Assert.True(await Until.DoneAsync(accepted.ReceiveAsync(new byte[4096], Token).AsTask(), "the question comes") > 0);
        await request.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.DoneAsync(dial, "the dial-back ends with the request"));
    }

    [Fact]
    public async Task ClosedPortIsRefusedAndOpenPortIsReachable()
    {
        var dialler = new Dialler(new FakeTimeProvider());
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var target = (IPEndPoint)listener.LocalEndpoint;
        Assert.True((await dialler.DialAsync(target, identity: null, Token)).Reachable);
        listener.Stop();
        Assert.Equal("refused", (await dialler.DialAsync(target, identity: null, Token)).Error);
    }

    [Fact]
    public async Task ReportedAddressIsDialledOnPortsOfGroup()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Mesh = new MeshYaml { Groups = [MeshYaml.Group("analytics-v0", MeshYaml.Token, ports: $"{{ web: {port} }}")] },
        });
        var agent = new TestAgent();
        (await agent.DialBack("[16400]").SendAsync(dashboard)).IsProblem(409, "no-report");
        await agent.Report("127.0.0.1").SendAsync(dashboard);
        var answer = await agent.DialBack($"[{port},{port},16401]").SendAsync(dashboard);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var back = JsonSerializer.Deserialize(answer.Content, ContractJson.Default.DialBackResponse)!;
        Assert.Equal("127.0.0.1", back.Address);
        Assert.Equal("demo-cluster", back.FromCluster);
        Assert.Equal([port, 16401], back.Results.Select(result => result.Port));
        Assert.True(back.Results[0].Reachable);
    }

    [Theory]
    [InlineData("[16400,22]", "22")]
    [InlineData("[0]", "0")]
    [InlineData("[\"x\"]", "x")]
    [InlineData("[]", "ports")]
    [InlineData("16400", "ports")]
    public async Task OtherPortsAre400(string ports, string named)
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var answer = await new TestAgent().DialBack(ports).SendAsync(dashboard);
        answer.IsProblem(400, "body-invalid");
        Assert.Contains(named, answer.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("0123456789abcde/../x")]
    [InlineData("0123456789abcdef HTTP/1.1")]
    public async Task InvalidNonceIs400(string nonce)
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        (await new TestAgent().DialBack("[16400]", nonce).SendAsync(dashboard)).IsProblem(400, "body-invalid");
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("10.96.0.1")]
    public async Task AddressOutsideVmsIs422(string address)
    {
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Seams = new(),
            Mesh = new MeshYaml { Head = "publicUrl: http://x\nclusterRanges: [ 10.96.0.0/12 ]\n" },
        });
        var agent = new TestAgent();
        await agent.Report(address).SendAsync(dashboard);
        (await agent.DialBack("[16400]").SendAsync(dashboard)).IsProblem(422, "address-not-allowed");
    }

    [Fact]
    public async Task DialBacksAreLimitedPerAgentAndInTotal()
    {
        var clock = new FakeTimeProvider();
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Seams = new()
            {
                Clock = clock,
                Addresses = new AddressPolicy(IPNetwork.Parse("127.0.0.0/8")),
            },
            DialBackRates = DialBackSettings.From(600) with { Total = new Rate(2, 0.05), GuaranteedPerGroup = new Rate(0, 0.05) },
        });
        var (one, other) = (new TestAgent(), new TestAgent());
        await one.Report("127.0.0.1").SendAsync(dashboard);
        await other.Report("127.0.0.1").SendAsync(dashboard);
        Assert.Equal(HttpStatusCode.OK, (await one.DialBack("[16401]").SendAsync(dashboard)).Status);
        var refused = await one.DialBack("[16401]").SendAsync(dashboard);
        refused.IsProblem(429, "too-many-requests");
        Assert.Equal("10", refused.Headers["Retry-After"]);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(HttpStatusCode.OK, (await one.DialBack("[16401]").SendAsync(dashboard)).Status);
        (await other.DialBack("[16401]").SendAsync(dashboard)).IsProblem(429, "too-many-requests");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Dials a listener that answers one request.</summary>
    private async Task<DialBackResult> DialAsync(string body, Action<string> seen, string status = "200 OK")
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var dialler = new Dialler(new FakeTimeProvider());
        var dial = dialler.DialAsync((IPEndPoint)listener.LocalEndpoint, new AgentQuestion(Nonce, _uuid), Token);
        using var socket = await listener.AcceptSocketAsync(Token);
        var buffer = new byte[4096];
        seen(Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, Token)));
        var answer = $"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";
        await socket.SendAsync(Encoding.ASCII.GetBytes(answer), Token);
        return await Until.DoneAsync(dial, "the dial-back ends");
    }
}
