using SmmAgent.Contract;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Identity;

namespace SmmAgent.Tests.Host.Fakes;

/// <summary>A dashboard in memory: tests set the answers.</summary>
internal sealed class FakeDashboard(HostRecord record, DashboardTarget target) : IHostDashboard
{
    public required Func<DashboardResult<MeshConfigAnswer>> Answer { get; set; }

    public DashboardTarget Target => target;

    public bool IsDisposed { get; private set; }

    public Task<DashboardResult<MeshConfigAnswer>> GetMeshConfigAsync(string? etag, TimeSpan wait, CancellationToken cancel)
    {
        record.Add("fetch mesh configuration");
        cancel.ThrowIfCancellationRequested();
        return Task.FromResult(Answer());
    }

    public Task<DashboardResult<TokenResponse>> PostTokenAsync(CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>The last reports with their uuid.</summary>
    public List<(Guid Uuid, AgentReport Report)> LastReports { get; } = [];

    /// <summary>The failure of a last report; null to accept it.</summary>
    public DashboardFailure? RefusesLastReport { get; set; }

    public Task<DashboardResult<Accepted>> PutLastReportAsync(Guid uuid, AgentKey key, AgentReport report, CancellationToken cancel)
    {
        record.Add("report detach");
        LastReports.Add((uuid, report));
        return Task.FromResult(
            RefusesLastReport is { } failure ? (DashboardResult<Accepted>)failure : DashboardResult<Accepted>.Good(Accepted.Instance));
    }

    public void Dispose() => IsDisposed = true;
}
