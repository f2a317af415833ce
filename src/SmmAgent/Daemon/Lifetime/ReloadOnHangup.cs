using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Settings;
using SmmAgent.Daemon.Status;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Daemon.Lifetime;

/// <summary>
/// Handles SIGHUP (<c>systemctl reload</c>): every service reads and observes everything again, without waiting for a backoff.
/// </summary>
public sealed class ReloadOnHangup(
    StatusService status, SettingsService settings, DashboardClients clients, IReadOnlyList<Signal> wakes) : IHostedService, IDisposable
{
    private PosixSignalRegistration? _registration;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true; // otherwise SIGHUP ends the process
            Reload();
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _registration?.Dispose();

    private void Reload() => status.Reloading(() =>
    {
        clients.Renew();
        settings.Reload();
        foreach (var wake in wakes)
            wake.Set();
    });
}
