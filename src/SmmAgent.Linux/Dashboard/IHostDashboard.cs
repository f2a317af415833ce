using SmmAgent.Contract;
using SmmAgent.Linux.Identity;

namespace SmmAgent.Linux.Dashboard;

/// <summary>The calls of the dashboard that the commands make. Tests of the commands replace it.</summary>
public interface IHostDashboard : IDisposable
{
    DashboardTarget Target { get; }

    /// <inheritdoc cref="DashboardClient.GetMeshConfigAsync"/>
    Task<DashboardResult<MeshConfigAnswer>> GetMeshConfigAsync(string? etag, TimeSpan wait, CancellationToken cancel);

    /// <inheritdoc cref="DashboardClient.PostTokenAsync"/>
    Task<DashboardResult<TokenResponse>> PostTokenAsync(CancellationToken cancel);

    /// <inheritdoc cref="DashboardClient.PutLastReportAsync"/>
    Task<DashboardResult<Accepted>> PutLastReportAsync(Guid uuid, AgentKey key, AgentReport report, CancellationToken cancel);
}
