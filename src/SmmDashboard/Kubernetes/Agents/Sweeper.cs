using System.Text.Json;
using SmmDashboard.Agents;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>
/// Marks machines that have been silent for 15 minutes as not connected, and deletes them after 30 days, detached ones after a day. One
/// replica does it. Silence counts from when this replica's watch works: after an outage every agent has time to report.
/// </summary>
internal sealed class Sweeper(MachineApi api, KnownMachines machines, Lease lease, MachineSeams seams)
{
    public static readonly TimeSpan Silence = TimeSpan.FromMinutes(15);
    public static readonly TimeSpan Memory = TimeSpan.FromDays(30);
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly WriteRate _rate = new(seams.Time, StatusQueue.PerSecond);
    // Clocks of a cluster differ by less.
    private static readonly TimeSpan Jump = TimeSpan.FromMinutes(1);

    private DateTimeOffset? _upToDateSince;
    private (DateTimeOffset Time, long Timestamp)? _looked;
    private string? _fault;

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await SweepAsync(cancellationToken);
                _fault = null;
            }
            catch (ApiException fault)
            {
                if (_fault != fault.Message)
                    seams.Log.NotSwept(fault.Message);
                _fault = fault.Message;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(Interval, seams.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = seams.Time.GetUtcNow();
        _upToDateSince = machines.IsUpToDate && !HasClockJumped(now) ? _upToDateSince ?? now : null;
        if (now - _upToDateSince is not { } watched || watched < Silence || !lease.IsHeld)
            return;

        var forbidden = new Dictionary<string, ApiException>();
        foreach (var machine in machines.Watched.Where(machine => !forbidden.ContainsKey(machine.Metadata.Namespace)))
        {
            var silence = now - machine.LastSign;
            if (silence < Silence || (silence < MemoryOf(machine) && machine.IsConnected is false))
                continue;

            await _rate.WaitAsync(cancellationToken);
            if (!lease.IsHeld || !machines.IsUpToDate)
                return;
            try
            {
                await EndAsync(machine, silence, now, cancellationToken);
            }
            catch (ApiException fault) when (fault.Fault is ApiFault.Conflict or ApiFault.NotFound)
            {
                // It has just reported, or is gone.
            }
            catch (ApiException fault) when (fault.Fault is ApiFault.Forbidden or ApiFault.Refused)
            {
                // Other namespaces may be allowed.
                forbidden[machine.Metadata.Namespace] = fault;
            }
        }

        if (forbidden.Count > 0)
            throw forbidden.Values.First();
    }

    /// <summary>
    /// Whether the clock was set since the last sweep: then every machine would appear silent, and gets time to report first.
    /// </summary>
    private bool HasClockJumped(DateTimeOffset now)
    {
        var (before, timestamp) = (_looked, seams.Time.GetTimestamp());
        _looked = (now, timestamp);
        return before is var (time, at) && (now - time - seams.Time.GetElapsedTime(at, timestamp)).Duration() >= Jump;
    }

    private static TimeSpan MemoryOf(AttachedMachine machine) => machine.IsDetached ? Detachments.Memory : Memory;

    private async Task EndAsync(AttachedMachine machine, TimeSpan silence, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var key = ObjectKey.From(machine.Metadata);
        if (silence >= MemoryOf(machine))
        {
            await api.DeleteAsync(key, machine.Metadata.ResourceVersion, cancellationToken);
            machines.Forget(key);
            if (machine.IsDetached)
                seams.Log.DeletedAfterDetach(key);
            else
                seams.Log.Deleted(key);
            return;
        }

        var document = await api.GetAsync(key, cancellationToken);
        if (AttachedMachine.From(document).LastSign != machine.LastSign)
            return;

        var others = (document.Status?.Conditions ?? []).Where(condition => condition.Type != AttachedMachine.AgentConnected);
        MachineCondition[] conditions = [MachineReport.Silent(machine.LastSign, now), .. others.Take(MachineReport.MostConditions - 1)];
        var body = JsonSerializer.SerializeToUtf8Bytes(new(conditions), MachineJson.Default.ConditionsPatch);
        await api.WriteStatusAsync(key, document.Metadata.ResourceVersion, body, cancellationToken);
        seams.Log.Silent(key);
    }
}
