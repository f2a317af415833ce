using System.Net.Sockets;
using SmmAgent.Linux.Events;

namespace SmmAgent.Linux.Tests.Events;

public sealed class SlowBusTests
{
    [Fact]
    public async Task SubscriptionWaitsLongerThanACallForABusThatIsBusy()
    {
        using var folder = new TemporaryFolder();
        using var silent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(folder.Path("bus")));
        silent.Listen();
        using var source = new FirewalldEvents($"unix:path={folder.Path("bus")}");
        source.Open();

        // A call ends after 20 s.
        await Task.Delay(TimeSpan.FromSeconds(22), TestContext.Current.CancellationToken);

        Assert.Equal(HostChange.None, source.Drain());
    }
}
