using SmmAgent.Core.Network;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard.Tokens;

namespace SmmAgent.Linux.Dashboard;

/// <summary>The client for the settings in effect. All services use the same one, so that they share connections and breaker.</summary>
public sealed class DashboardClients(BearerTokenFile token, string agentVersion, TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private (DashboardTarget Target, string? CaFile, ProxySetting Proxy, string Stamp)? _key;
    private DashboardClient? _client;

    /// <summary>The client. A change of dashboard, proxy, WorkloadGroup, certificate authorities or token creates a new one.</summary>
    /// <returns>Null while the dashboard or the WorkloadGroup is not set.</returns>
    public DashboardClient? For(SettingsState settings)
    {
        if (DashboardTarget.From(settings.Settings) is not { } target)
            return null;

        var (caFile, proxy) = (settings.Settings.CaFile, settings.Settings.Proxy);
        var key = (target, caFile, proxy, settings.CredentialStamp);
        lock (_lock)
        {
            if (_key == key)
                return _client;

            // The previous client is not disposed, because a call may be running. Its idle connections close on their own.
            _key = key;
            return _client = new DashboardClient(target, caFile, token, agentVersion, time, proxy);
        }
    }

    /// <summary>Discards the client with its connections and counted failures: the next call gets a new one.</summary>
    public void Renew()
    {
        lock (_lock)
            _key = null;
    }

    public void Dispose()
    {
        lock (_lock)
            _client?.Dispose();
    }
}
