using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host;

/// <summary>The services outside this process that a host operation opens while it runs.</summary>
internal interface IHostAccess
{
    /// <returns>The units of the host; or null and the reason why there are none.</returns>
    (IUnits? Units, string? Reason) OpenUnits();

    /// <returns>Null while the dashboard or the WorkloadGroup is not set.</returns>
    IHostDashboard? OpenDashboard(AgentSettings settings);

    /// <summary>Lets this process, and the processes that it starts from now on, go on when the session ends.</summary>
    void IgnoreHangup();

    /// <summary>Reads an environment variable.</summary>
    string? Variable(string name);
}
