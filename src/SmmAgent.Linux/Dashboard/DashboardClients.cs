using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard.Tokens;

namespace SmmAgent.Linux.Dashboard;

/// <summary>The client for the settings in force: one for all services, so that they share connections and breaker.</summary>
public sealed class DashboardClients(BearerTokenFile token, string agentVersion, TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private (DashboardTarget Target, string? CaFile, string Stamp)? _key;
    private DashboardClient? _client;

    /// <summary>The client; another one when dashboard, WorkloadGroup, certificate authorities or token are others than before.</summary>
    /// <returns>Null while dashboard or WorkloadGroup are not set.</returns>
    public DashboardClient? For(SettingsState settings)
    {
        if (DashboardTarget.From(settings.Settings) is not { } target)
            return null;

        var key = (target, settings.Settings.CaFile, settings.CredentialStamp);
        lock (_lock)
        {
            if (_key == key)
                return _client;

            // The one before is not disposed: a call may be under way. Its idle connections close after a minute.
            _key = key;
            return _client = new DashboardClient(target, settings.Settings.CaFile, token, agentVersion, time);
        }
    }

    /// <summary>Forgets what it knows of the dashboard, its failures included: the next client begins anew.</summary>
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
