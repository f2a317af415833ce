using Microsoft.Extensions.Hosting.Systemd;
using SmmAgent.Linux.Systemd;
using ServiceState = Microsoft.Extensions.Hosting.Systemd.ServiceState;

namespace SmmAgent.Daemon.Lifetime;

/// <summary>Lets the host's systemd lifetime say when the service ends. When it is ready is not the host's to say: the first step tells.</summary>
/// <remarks>The host's own notifier stays out: it is off unless the parent process is named systemd (dotnet/runtime#125368).</remarks>
internal sealed class LifetimeNotifier(ServiceNotifier notifier) : ISystemdNotifier
{
    public bool IsEnabled => notifier.IsEnabled;

    public void Notify(ServiceState state)
    {
        if (state.Equals(ServiceState.Stopping))
            notifier.Stopping("Stopping; the VM stays attached");
    }
}
