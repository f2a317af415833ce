using Microsoft.Extensions.Hosting.Systemd;
using SmmAgent.Linux.Systemd;
using ServiceState = Microsoft.Extensions.Hosting.Systemd.ServiceState;

namespace SmmAgent.Daemon.Lifetime;

/// <summary>
/// Notifies systemd when the host stops the service. READY comes from the first step of the status service, not from the host.
/// </summary>
/// <remarks>The notifier of the host is not used: it is off unless the parent process is named systemd (dotnet/runtime#125368).</remarks>
internal sealed class LifetimeNotifier(ServiceNotifier notifier) : ISystemdNotifier
{
    public bool IsEnabled => notifier.IsEnabled;

    public void Notify(ServiceState state)
    {
        if (state.Equals(ServiceState.Stopping))
            notifier.Stopping("Stopping; the VM stays attached");
    }
}
