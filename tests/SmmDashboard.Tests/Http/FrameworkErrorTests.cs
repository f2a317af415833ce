using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Http;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Http;

public sealed class FrameworkErrorTests
{
    [Fact]
    public async Task UnknownPathIsProblem()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        (await Call.Get("/v2/anything").SendAsync(dashboard)).IsProblem(404, "not-found");
    }

    [Fact]
    public async Task OtherMethodIsProblemWithAllowHeader()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var answer = await new Call(HttpMethod.Delete, "/healthz").SendAsync(dashboard);
        answer.IsProblem(405, "method-not-allowed");
        Assert.Equal("GET", answer.Headers["Allow"]);
    }

    [Fact]
    public async Task NonJsonMediaTypeIs415()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var call = new Call(HttpMethod.Post, $"{RunningDashboard.Group}/tokens") { Body = "{}", ContentType = "text/plain" };
        (await call.SendAsync(dashboard)).IsProblem(415, "media-type-not-supported");
    }

    [Fact]
    public async Task InternalFailureRevealsNoDetails()
    {
        var clock = new FakeTimeProvider();
        var guard = new RequestGuard(
            _ => throw new InvalidOperationException("the inner secret"),
            new RequestRates(new(), clock, NullLogger.Instance),
            new RequestMetrics(),
            NullLogger<RequestGuard>.Instance);
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;
        await guard.InvokeAsync(context);
        var text = Encoding.UTF8.GetString(body.ToArray());
        Assert.Equal(500, context.Response.StatusCode);
        Assert.Contains("\"code\":\"internal-error\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TooLargeChunkedBodyIs413()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, dashboard.BaseAddress.Port, TestContext.Current.CancellationToken);
        var chunk = new string('x', 8192);
        var head = $"POST {RunningDashboard.Group}/tokens HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {MeshYaml.Token}\r\n"
            + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{head}2000\r\n{chunk}\r\n0\r\n\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
        Assert.Contains("body-too-large", answer, StringComparison.Ordinal);
    }
}
