using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Settings;
using SmmAgent.Daemon.Status;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Daemon.Lifetime;

/// <summary>SIGHUP, which is <c>systemctl reload</c>: everything is read and looked at again, and nothing waits for a backoff.</summary>
public sealed class ReloadOnHangup(
    StatusService status, SettingsService settings, DashboardClients clients, IReadOnlyList<Signal> wakes) : IHostedService, IDisposable
{
    private PosixSignalRegistration? _registration;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true; // it would end the process
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
