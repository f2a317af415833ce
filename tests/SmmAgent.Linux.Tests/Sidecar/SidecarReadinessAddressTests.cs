using System.Net;
using System.Net.Sockets;
using System.Text;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Linux.Tests.Sidecar;

public sealed class SidecarReadinessAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", "200 OK", true)]
    [InlineData("127.0.0.1", "503 Service Unavailable", false)]
    [InlineData("::1", "200 OK", true)]
    [InlineData("::1", "503 Service Unavailable", false)]
    public async Task SidecarIsProbedAtTheAddressWhereItListens(string address, string answer, bool isReady)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var sidecar = new TcpListener(IPAddress.Parse(address), 0);
        sidecar.Start();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var answering = AnswerAsync(sidecar, answer, ended.Token);

        Assert.Equal(
            isReady, await new SidecarReadiness(TimeProvider.System, ((IPEndPoint)sidecar.LocalEndpoint).Port).IsReadyAsync(cancel));
        await ended.CancelAsync();
        Assert.True(await answering, $"{address} was not asked");
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task SidecarIsNotAcceptingUntilItListensOnThePortOfItsCapture(string address)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var sidecar = new TcpListener(IPAddress.Parse(address), 0);
        sidecar.Start();

        Assert.False(await new SidecarReadiness(
            TimeProvider.System, capturePort: ((IPEndPoint)sidecar.LocalEndpoint).Port).IsNotAcceptingAsync(cancel));
        Assert.True(await new SidecarReadiness(TimeProvider.System, capturePort: 1).IsNotAcceptingAsync(cancel));
    }

    [Fact]
    public async Task SidecarWithoutAListenerIsNotReady() =>
        Assert.False(await new SidecarReadiness(TimeProvider.System, port: 1).IsReadyAsync(TestContext.Current.CancellationToken));

    private static async Task<bool> AnswerAsync(TcpListener sidecar, string answer, CancellationToken cancel)
    {
        try
        {
            using var connection = await sidecar.AcceptSocketAsync(cancel);
            await connection.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {answer}\r\n\r\n"), CancellationToken.None);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
