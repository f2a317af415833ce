using System.Net.Sockets;
using System.Text;
using SmmAgent.Daemon.Lifetime;
using SmmAgent.Linux.Systemd;
using ServiceState = Microsoft.Extensions.Hosting.Systemd.ServiceState;

namespace SmmAgent.Tests.Daemon.Lifetime;

public sealed class LifetimeNotifierTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory().FullName;
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };

    [Fact]
    public void LifetimeOfTheHostNotifiesOfTheStopButNotOfReady()
    {
        var socket = Path.Combine(_directory, "notify");
        _manager.Bind(new UnixDomainSocketEndPoint(socket));
        using var notifier = new ServiceNotifier(socket, watchdog: null);
        var lifetime = new LifetimeNotifier(notifier);

        lifetime.Notify(ServiceState.Ready);
        lifetime.Notify(ServiceState.Stopping);

        var buffer = new byte[256];
        Assert.Equal("STOPPING=1\nSTATUS=Stopping; the VM stays attached", Encoding.UTF8.GetString(buffer, 0, _manager.Receive(buffer)));
    }

    public void Dispose()
    {
        _manager.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
