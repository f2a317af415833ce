using SmmDashboard.Groups;
using SmmDashboard.Status;

namespace SmmDashboard.Hosting;

/// <summary>
/// On SIGTERM: the readiness ends first, so that a Service sends new requests elsewhere; then requests in long-poll are answered, and the
/// server stops.
/// </summary>
internal sealed class GracefulStop(CurrentMesh mesh, StatusEndpoints status, GracefulStop.Settings settings, TimeProvider clock) : IHostedLifecycleService
{
    /// <param name="Delay">How long a load balancer may take until it has noticed.</param>
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
