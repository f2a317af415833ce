using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Events;

namespace SmmAgent.Daemon.HostChanges;

/// <summary>The signal that is set by a kind of change.</summary>
public sealed record HostChangeRoute(HostChange Changes, Signal Signal);

/// <summary>The event sources that are down, with the reasons. Services that depend on them poll instead.</summary>
public sealed record EventSourcesState(IReadOnlyDictionary<string, string> Down, HostChange Blind)
{
    public static EventSourcesState AllUp { get; } = new(new Dictionary<string, string>(), HostChange.None);
}

/// <summary>Turns events of the kernel and of the bus into signals. It keeps no state: the services observe the host themselves.</summary>
/// <remarks>
/// It must start before the services that it signals: after its start no change is missed, so their first observation is late enough.
/// </remarks>
public sealed class HostChangeService(
    IReadOnlyList<EventSource> sources,
    IReadOnlyList<HostChangeRoute> routes,
    ObservableValue<EventSourcesState> state,
    ProcessFault fault,
    ILogger<HostChangeService> logger) : IHostedService, IDisposable
{
    private readonly Dictionary<EventSource, string> _down = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HostEvents? _events;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _events = new(sources, OnChanged, OnHealth);
        new Thread(Run) { IsBackground = true, Name = "host events" }.Start();
        await _events.Listening.WaitAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_events is null)
            return;
        _events.Stop();
        await _ended.Task.WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        // The thread polls the descriptors until it has ended.
        if (_ended.Task.IsCompleted)
            _events?.Dispose();
    }

    private void Run()
    {
        try
        {
            _events!.Run();
        }
#pragma warning disable CA1031 // An exception that leaves a thread would kill the process without a log entry.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            fault.Report(nameof(HostChangeService), exception);
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private void OnChanged(HostChange changes)
    {
        foreach (var route in routes)
        {
            if ((route.Changes & changes) != 0)
                route.Signal.Set();
        }
    }

    private void OnHealth(EventSource source, string? reason)
    {
        if (reason is null)
        {
            _down.Remove(source);
            HostChangeLog.SourceUp(logger, source.Name);
        }
        else
        {
            _down[source] = reason;
            HostChangeLog.SourceDown(logger, source.Name, reason);
        }

        state.Publish(new(
            _down.GroupBy(entry => entry.Key.Name)
                .ToDictionary(same => same.Key, same => string.Join("; ", same.Select(entry => entry.Value).Distinct())),
            _down.Keys.Aggregate(HostChange.None, (blind, down) => blind | down.Change)));
    }
}
