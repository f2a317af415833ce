using SmmDashboard.Groups;
using SmmDashboard.Status;

namespace SmmDashboard.Hosting;

/// <summary>
/// Handles SIGTERM: readiness ends first, so that a Service sends new requests elsewhere. Then long-poll requests get their responses,
/// and the server stops.
/// </summary>
internal sealed class GracefulStop(CurrentMesh mesh, StatusEndpoints status, GracefulStop.Settings settings, TimeProvider clock)
    : IHostedLifecycleService
{
    /// <param name="Delay">The time that a load balancer may need to notice.</param>
    public sealed record Settings(TimeSpan Delay);

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        status.Stop();
        await Task.Delay(settings.Delay, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        mesh.Stop();
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
