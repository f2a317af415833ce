using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host;

/// <summary>The services outside this process that a host operation opens while it runs.</summary>
internal interface IHostAccess
{
    /// <returns>The units of the host, or the reason for the missing systemd.</returns>
    (IUnits? Units, string? Reason) OpenUnits();

    /// <returns>Null while the dashboard or the WorkloadGroup is not set.</returns>
    IHostDashboard? OpenDashboard(AgentSettings settings);

    /// <summary>Keeps this process, and the processes that it starts from now on, running when the session ends.</summary>
    void IgnoreHangup();

    /// <summary>Reads an environment variable.</summary>
    string? Variable(string name);
}
