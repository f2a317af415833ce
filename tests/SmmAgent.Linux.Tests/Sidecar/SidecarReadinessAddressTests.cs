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
    public async Task TheSidecarIsAskedWhereItListens(string address, string answer, bool isReady)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var sidecar = new TcpListener(IPAddress.Parse(address), 0);
        sidecar.Start();
        var asked = new SidecarReadiness(TimeProvider.System, ((IPEndPoint)sidecar.LocalEndpoint).Port).IsReadyAsync(cancel);
        using var connection = await sidecar.AcceptSocketAsync(cancel);
        await connection.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {answer}\r\n\r\n"), cancel);

        Assert.Equal(isReady, await asked);
    }

    [Fact]
    public async Task WhereNobodyListensNothingIsReady() =>
        Assert.False(await new SidecarReadiness(TimeProvider.System, port: 1).IsReadyAsync(TestContext.Current.CancellationToken));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task ASidecarIsDeafUntilItListensWhereItsCaptureLeads(string address)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var sidecar = new TcpListener(IPAddress.Parse(address), 0);
        sidecar.Start();

        Assert.False(await new SidecarReadiness(TimeProvider.System, capturePort: ((IPEndPoint)sidecar.LocalEndpoint).Port).IsDeafAsync(cancel));
        Assert.True(await new SidecarReadiness(TimeProvider.System, capturePort: 1).IsDeafAsync(cancel));
    }
}
