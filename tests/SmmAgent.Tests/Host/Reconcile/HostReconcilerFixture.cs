using SmmAgent.Host;
using SmmAgent.Host.Reconcile;
using SmmAgent.Host.Rollback;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Tests.Host.Fakes;

namespace SmmAgent.Tests.Host.Reconcile;

/// <summary>Reconciles a host of stand-ins.</summary>
public abstract class HostReconcilerFixture : IDisposable
{
    protected static readonly TimeSpan Window = TimeSpan.FromSeconds(120);

    protected static readonly string[] Enabled =
        ["enable smm-agent.service", "enable smm-agent-reconcile.path", "enable smm-agent-reconcile.service"];

    private protected HostFixture Stage { get; } = new();

    protected HostReconcilerFixture() => Stage.WriteRegistration();

    public void Dispose()
    {
        Stage.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected static DashboardResult<MeshConfigAnswer> Unreachable() =>
        new DashboardFailure.Unreachable(UnreachableReason.NoRoute, "no route to host");

    protected Task<int> RunAsync(TimeSpan? confirmWithin = null) => RunAsync(new ReconcileOptions { ConfirmWithin = confirmWithin });

    private protected Task<int> RunAsync(ReconcileOptions options) => new HostReconciler(Stage.Context, options).RunAsync(Cancel);

    protected async Task ArmAsync() => Assert.True(await new HostRollback(Stage.Context, Stage.Units).ArmAsync(Window, null, Cancel));

    // Also a cluster.env, without which the sidecar is held back for another reason.
    protected async Task WriteAttachedAsync()
    {
        HostStateDirectory.Create(Stage.Paths);
        await File.WriteAllBytesAsync(Stage.Paths.BeforeAttach, FakeSidecar.Before(null).Write(), Cancel);
        var file = Stage.Paths.Root + Core.Sidecar.Configuration.SidecarFiles.ClusterEnvironment;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, "", Cancel);
    }
}
