using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>
/// Keeps agents as AttachedMachines, so that all replicas know them. A report is answered when its binding and a new address are written:
/// the next call may reach another replica. Everything else is queued.
/// </summary>
/// <param name="parts">The dependencies of the store.</param>
/// <param name="memory">Keeps agents while the cluster cannot.</param>
/// <param name="settings">The dashboard itself.</param>
/// <param name="seams">Clock and chance.</param>
internal sealed class MachineStore(MachineParts parts, IAgentStore memory, MachineSettings settings, MachineSeams seams)
    : IAgentStore, IDisposable
{
    /// <summary>The wait before a change is written, so that several changes are one write.</summary>
    public static readonly TimeSpan Debounce = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The maximum age of a written report, plus up to a tenth. With agents that report every 5 minutes an object is never 15 minutes old,
    /// which would appear as silence.
    /// </summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly MachineCalls _calls = new();
    private readonly WriteLimits _limits = new(seams.Time);
    private readonly LogLimiter _notWritten = new(seams.Time);
    private readonly NewAgents _new = new(settings.NewAgents, seams.Time, seams.Log);
    private readonly FirstReports _first = new(seams.Time, seams.Log);
    private readonly Detachments _detachments = new(seams.Time, seams.Log);
    private readonly ReachedMachines _reached = new();

    public async ValueTask<KnownAgent?> FindAsync(GroupId group, Guid uuid, CancellationToken cancellationToken)
    {
        var key = KeyOf(group, uuid);
        if (IsInMemory(group) && await memory.FindAsync(group, uuid, cancellationToken) is { } remembered)
            return remembered;

        var machine = parts.Machines.Find(key);
        if (machine is null && parts.Machines.IsServed && !parts.Faults.IsForbidden(group.Namespace) && !parts.Machines.IsAbsent(key))
            machine = await LookUpAsync(key, group, cancellationToken);
        if (machine?.WorkloadGroup == group.Name)
            return AgentOf(key, machine);

        // An agent that reported before the cluster could store it remains in memory until its next report.
        return machine is null ? await memory.FindAsync(group, uuid, cancellationToken) : null;
    }

    public async ValueTask<ReportOutcome> ReportAsync(
        GroupId group, PresentedAgent identity, AgentReport report, CancellationToken cancellationToken)
    {
        var key = KeyOf(group, identity.Uuid);
        parts.Faults.Served(parts.Machines.IsServed);
        if (IsInMemory(group))
            return await RememberAsync(key, group, identity, report, cancellationToken);

        try
        {
            return await KeepAsync(key, group, identity, report, cancellationToken);
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.Forbidden)
        {
            parts.Faults.Forbidden(group.Namespace, fault);
            return await RememberAsync(key, group, identity, report, cancellationToken);
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.NotFound)
        {
            // The kind was removed; the watch detects that within a minute.
            return await RememberAsync(key, group, identity, report, cancellationToken);
        }
        catch (ApiException fault)
        {
            throw Away(fault, fault.RetryAfter);
        }
        catch (OwnerUnknownException fault)
        {
            throw Away(fault, null);
        }
    }

    public void Prove(GroupId group, Guid uuid)
    {
        memory.Prove(group, uuid);
        _reached.Add(KeyOf(group, uuid));
    }

    public void Dispose() => _calls.Dispose();

    /// <summary>Deletes the machine that has been silent longest: a detached one, else one neither reached nor registered.</summary>
    /// <returns>False when there is none.</returns>
    private async Task<bool> RemoveOldestAsync(GroupId group, CancellationToken cancellationToken)
    {
        var oldest = parts.Machines.Watched.Where(
            machine => machine.Metadata.Namespace == group.Namespace && machine.WorkloadGroup == group.Name
                && (machine.IsDetached || (!machine.IsRegistered && !_reached.Contains(ObjectKey.From(machine.Metadata)))))
            .MinBy(machine => (!machine.IsDetached, machine.LastSign));
        if (oldest is null)
        {
            _new.Full(group, settings.LimitPerGroup);
            return false;
        }

        parts.Queue.Remove(ObjectKey.From(oldest.Metadata));
        await _calls.RunAsync(stop => parts.Writer.RemoveAsync(oldest, stop), cancellationToken);
        if (!oldest.IsDetached)
            _new.Evicted(group, Guid.TryParse(oldest.Metadata.Name, out var uuid) ? uuid : Guid.Empty, settings.LimitPerGroup);
        return true;
    }

    private async Task<ReportOutcome> KeepAsync(
        ObjectKey key, GroupId group, PresentedAgent identity, AgentReport report, CancellationToken cancellationToken)
    {
        var spec = new MachineSpec { WorkloadGroup = group.Name, KeySha256 = Convert.ToHexStringLower(identity.KeySha256) };
        var machine = parts.Machines.Find(key);
        if (machine is null && report.Detached
            && (parts.Machines.IsAbsent(key) || (machine = await LookUpAsync(key, group, cancellationToken)) is null))
            return ReportOutcome.Kept;
        if (machine is null)
        {
            if (!_new.Allow(group))
                return ReportOutcome.TooManyNew;

            var isFull = parts.Machines.CountOf(group) >= settings.LimitPerGroup && !await RemoveOldestAsync(group, cancellationToken);
            machine = await _calls.RunAsync(
                stop => isFull ? parts.Writer.FindAsync(key, stop) : Nullable(parts.Writer.ClaimAsync(key, spec, stop)), cancellationToken);
            if (machine is null)
                return ReportOutcome.Full;
        }

        if (!AgentOf(key, machine).HasKey(identity))
            return ReportOutcome.KeyMismatch;

        if (machine.WorkloadGroup != group.Name)
        {
            if (!_limits.MayWrite(key, group, out var retryAfter))
                throw new UnavailableException("the agent moves between WorkloadGroups too often", retryAfter);
            if (parts.Machines.CountOf(group) >= settings.LimitPerGroup && !await RemoveOldestAsync(group, cancellationToken))
                return ReportOutcome.Full;

            seams.Log.Moved(key, machine.WorkloadGroup, group.Name);
            parts.Queue.Remove(key);
            machine = await _calls.RunAsync(stop => parts.Writer.MoveAsync(machine, spec, stop), cancellationToken);
            if (!AgentOf(key, machine).HasKey(identity) || machine.WorkloadGroup != group.Name)
                return ReportOutcome.KeyMismatch;
        }

        return await WriteAsync(key, group, identity.Uuid, machine, report, cancellationToken);
    }

    private async Task<ReportOutcome> WriteAsync(
        ObjectKey key, GroupId group, Guid uuid, AttachedMachine machine, AgentReport report, CancellationToken cancellationToken)
    {
        var now = parts.Writer.SeenNow(machine);
        var instances = machine.Instances.Report(report, now);
        if (instances.Begins)
            seams.Log.DuplicateBegins(uuid, group, instances.After.Hosts(now));
        if (instances.Ends)
            seams.Log.DuplicateEnds(uuid, group);
        if (instances.IsRefused)
        {
            if (_limits.MayWrite(key, group, out _))
                await _calls.RunAsync(stop => parts.Writer.WriteInstancesAsync(machine, instances.After, stop), cancellationToken);
            return ReportOutcome.Duplicate;
        }

        var address = report.Detached ? machine.Address : report.Address is { } reported ? IPAddress.Parse(reported.Value) : null;
        // istiod removes the entry some seconds after the end of the sidecar.
        var entry = report.Detached ? null : parts.Groups.EntryOf(group, uuid, address);
        var written = MachineReport.From(report, machine, new(now, settings.Replica, entry, instances.After));
        // The times of the last reports distinguish several hosts that use one identity.
        var isChange = written.Fingerprint != machine.Fingerprint || instances.After.Seen.Count > 1;
        var isNews = !Equals(address, machine.Address) || IsOtherInstance(machine.Instances, instances.After)
            || report.Detached != machine.IsDetached;
        if (machine.LastReportTime is null || (isNews && _limits.MayWrite(key, group, out _)))
        {
            if (!await _calls.RunAsync(stop => parts.Writer.WriteAsync(key, written, stop), cancellationToken))
                return ReportOutcome.KeyMismatch;
            parts.Faults.Allowed(group.Namespace);
            parts.Queue.Remove(key);
            if (machine.LastReportTime is null && !report.Detached)
            {
                _first.Report(group, uuid, report);
                if (report.Instance is { } instance)
                    await EndOtherDuplicatesAsync(key, group, instance, now, cancellationToken);
            }
        }
        else
        {
            parts.Queue.Put(key, written, isChange ? now + Debounce : machine.LastReportTime.Value + Spread(Interval), isChange);
        }

        _detachments.Report(group, uuid, report, machine.IsDetached);
        return ReportOutcome.Kept;
    }

    /// <summary>A host that has received its own uuid is no longer a duplicate under the other one.</summary>
    private async Task EndOtherDuplicatesAsync(
        ObjectKey key, GroupId group, string instance, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var others = parts.Machines.Watched.Where(machine => machine.Metadata.Namespace == group.Namespace
            && machine.WorkloadGroup == group.Name && machine.Metadata.Name != key.Name
            && machine.Instances.Seen.Any(seen => seen.Id == instance)).ToList();
        foreach (var other in others)
        {
            var without = other.Instances.Without(instance);
            try
            {
                await _calls.RunAsync(stop => parts.Writer.WriteInstancesAsync(other, without, stop), cancellationToken);
            }
            catch (ApiException fault)
            {
                // The other host's silence also ends the conflict.
                if (_notWritten.TryAcquire(out var withheld))
                    seams.Log.NotWritten(ObjectKey.From(other.Metadata), fault.Message, withheld);
                continue;
            }

            if (other.Instances.Hosts(now).Length > 0 && without.Hosts(now).Length == 0)
                seams.Log.DuplicateEnds(Guid.Parse(other.Metadata.Name), group);
        }
    }

    private static bool IsOtherInstance(AgentInstances before, AgentInstances after) =>
        !before.Seen.Select(one => one.Id).SequenceEqual(after.Seen.Select(one => one.Id));

    private bool IsInMemory(GroupId group) => !parts.Machines.IsServed || parts.Faults.IsForbidden(group.Namespace);

    /// <summary>Bindings of the cluster are enforced even while the cluster cannot be written.</summary>
    private async Task<ReportOutcome> RememberAsync(
        ObjectKey key, GroupId group, PresentedAgent identity, AgentReport report, CancellationToken cancellationToken) =>
        parts.Machines.Find(key) is { } machine && !AgentOf(key, machine).HasKey(identity)
            ? ReportOutcome.KeyMismatch
            : await memory.ReportAsync(group, identity, report, cancellationToken);

    private async Task<AttachedMachine?> LookUpAsync(ObjectKey key, GroupId group, CancellationToken cancellationToken)
    {
        if (!_limits.MayLookUp(group, out var retryAfter))
            throw new UnavailableException("too many agents that have not reported are asked for in this WorkloadGroup", retryAfter);

        try
        {
            return await _calls.RunAsync(stop => parts.Writer.FindAsync(key, stop), cancellationToken);
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.Forbidden)
        {
            parts.Faults.Forbidden(key.Namespace, fault);
            return null;
        }
        catch (ApiException fault)
        {
            throw Away(fault, fault.RetryAfter);
        }
    }

    private KnownAgent AgentOf(ObjectKey key, AttachedMachine machine) =>
        new(machine.KeySha256, machine.Address, parts.Queue.Find(key)?.SeenAt ?? machine.LastSign) { Instances = machine.Instances };

    private static async Task<AttachedMachine?> Nullable(Task<AttachedMachine> machine) => await machine;

    private TimeSpan Spread(TimeSpan about)
    {
        lock (seams.Random)
            return about * (1 + (seams.Random.NextDouble() / 10));
    }

    private static UnavailableException Away(Exception fault, TimeSpan? retryAfter) =>
        new("the dashboard cannot keep reports now: the Kubernetes API does not take them", retryAfter ?? MachineCalls.Patience, fault);

    private static ObjectKey KeyOf(GroupId group, Guid uuid) => new(group.Namespace, uuid.ToString("D"));
}
