using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;

namespace SmmDashboard.Admin.Machines;

/// <summary>
/// Keeps the machines in the order of the list, with their states and transitions, so that a page of the list costs the same whichever
/// store has the machines.
/// </summary>
public sealed class MachineIndex(
    IMachineSource source, CurrentMesh mesh, TimeProvider clock, ILogger<MachineIndex> log, BackgroundFailure failure) : BackgroundService
{
    /// <summary>The shortest time between two snapshots: many reports at once are one change.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    // Without any change, states are evaluated again because of silence, and the mesh is compared.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private readonly Dictionary<(GroupId Group, string Id), MachineEntry> _known = [];
    private readonly LogLimiter _silent = new(clock, perMinute: 20);
    private readonly Queue<(MachineKey Key, long Version)> _removed = [];
    private volatile MachineSnapshot _current = MachineSnapshot.Empty;
    private long _meshSeen = -1;

    public MachineSnapshot Current => _current;

    /// <summary>Compares the machines of the source with the known ones, and publishes a snapshot if there is a difference.</summary>
    public void Update()
    {
        var (before, now) = (_current, clock.GetUtcNow());
        var version = before.Version + 1;
        var (isChanged, isReordered) = (false, false);
        var seen = new HashSet<(GroupId, string)>(_known.Count);
        foreach (var machine in source.Machines)
        {
            var key = (machine.Group, machine.Id);
            if (!seen.Add(key))
                continue;

            var known = _known.GetValueOrDefault(key);
            if (known is not null && ReferenceEquals(known.Machine, machine) && known.IsCurrent(now))
                continue;

            var verdict = MachineVerdict.Evaluate(machine, now);
            if (known is not null && ReferenceEquals(known.Machine, machine) && known.Verdict == verdict)
                continue;

            if (verdict.State == MachineState.Silent && known?.Verdict.State is { } state && state != MachineState.Silent
                && _silent.TryAcquire(out var withheld))
                log.Silent(machine.Id, $"{machine.Group}", NameRules.Shown(machine.Host), withheld);
            isChanged = true;
            isReordered |= known?.Machine.Name != machine.Name;
            _known[key] = known?.Next(machine, verdict, version) ?? new MachineEntry(machine, verdict, version);
        }

        if (seen.Count < _known.Count)
        {
            (isChanged, isReordered) = (true, true);
            foreach (var gone in _known.Keys.Where(key => !seen.Contains(key)).ToList())
                Forget(gone, version);
        }

        var meshNow = mesh.Version;
        var isMeshChanged = meshNow != _meshSeen;
        _meshSeen = meshNow;
        if (isChanged || isMeshChanged)
            Publish(before, version, isReordered, isMeshChanged);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                source.Changes.TryRead(out _);
                Update();
                await Task.Delay(Interval, clock, stoppingToken);
                await WaitAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        catch (Exception exception)
        {
            failure.Report(nameof(MachineIndex), exception);
        }
    }

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var deadline = new Deadline(LongestWait, clock, stoppingToken);
        try
        {
            await source.Changes.WaitToReadAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            // Nothing has changed within the time.
        }
    }

    private void Forget((GroupId Group, string Id) key, long version)
    {
        _removed.Enqueue((_known[key].Key, version));
        _known.Remove(key);
        while (_removed.Count > MachineSnapshot.MaximumRemoved)
            _removed.Dequeue();
    }

    private void Publish(MachineSnapshot before, long version, bool isReordered, bool isMeshChanged)
    {
        MachineEntry[] entries = isReordered
            ? [.. _known.Values.OrderBy(entry => entry.Key)]
            : [.. before.Entries.Select(entry => _known[(entry.Machine.Group, entry.Machine.Id)])];
        _current = new MachineSnapshot(version, entries, [.. _removed], isMeshChanged ? version : before.MeshVersion);
        before.Supersede();
    }
}

internal static partial class MachineIndexLog
{
    [LoggerMessage(
        3204, LogLevel.Warning,
        "Agent {Uuid} of {Group} on {Host} no longer reports: it was stopped, or it cannot reach the dashboard "
        + "(and {Withheld} others since the last such message)")]
    public static partial void Silent(this ILogger log, string uuid, string group, string host, long withheld);
}
