using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Events;

namespace SmmAgent.Daemon.HostChanges;

/// <summary>Who is woken by which changes.</summary>
public sealed record HostChangeRoute(HostChange Changes, Signal Signal);

/// <summary>The event sources that are down, and why. Whoever relies on what they tell of polls instead.</summary>
public sealed record EventSourcesState(IReadOnlyDictionary<string, string> Down, HostChange Blind)
{
    public static EventSourcesState AllUp { get; } = new(new Dictionary<string, string>(), HostChange.None);
}

/// <summary>Turns the kernel's and the bus's events into wakes. It remembers nothing: the woken look for themselves.</summary>
/// <remarks>
/// To be started before the services that it wakes: once its start is over, no change goes unnoticed, so their first look is late enough.
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
        // Only a thread that has ended lets go of the descriptors that it polls.
        if (_ended.Task.IsCompleted)
            _events?.Dispose();
    }

    private void Run()
    {
        try
        {
            _events!.Run();
        }
#pragma warning disable CA1031 // An exception that leaves a thread would kill the process without a word.
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

    private void OnHealth(EventSource source, string? why)
    {
        if (why is null)
        {
            _down.Remove(source);
            HostChangeLog.SourceUp(logger, source.Name);
        }
        else
        {
            _down[source] = why;
            HostChangeLog.SourceDown(logger, source.Name, why);
        }

        state.Publish(new(
            _down.GroupBy(entry => entry.Key.Name).ToDictionary(same => same.Key, same => string.Join("; ", same.Select(entry => entry.Value).Distinct())),
            _down.Keys.Aggregate(HostChange.None, (blind, down) => blind | down.Change)));
    }
}
