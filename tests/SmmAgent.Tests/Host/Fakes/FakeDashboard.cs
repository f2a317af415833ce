using SmmAgent.Contract;
using SmmAgent.Linux.Dashboard;

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

    public void Dispose() => IsDisposed = true;
}
