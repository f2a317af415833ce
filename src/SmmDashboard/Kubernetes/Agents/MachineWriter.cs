using System.Text.Json;
using SmmDashboard.Agents;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>Writes machines so that no replica overwrites a newer state.</summary>
internal sealed class MachineWriter(MachineApi api, KnownMachines machines, MachineGroups groups, TimeProvider time)
{
    private const int Tries = 4;

    // A clock that is wrong must not stop writes for long.
    private static readonly TimeSpan ClockFault = TimeSpan.FromMinutes(5);

    /// <summary>The time of a report: later than the last known one, which may be from the clock of another replica.</summary>
    public DateTimeOffset SeenNow(AttachedMachine known)
    {
        var now = time.GetUtcNow();
        // As precise as the written time.
        now = new(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
        return known.LastReportTime >= now
            && known.LastReportTime <= now + ClockFault ? known.LastReportTime.Value.AddMilliseconds(1) : now;
    }

    /// <summary>Creates the machine, or finds the existing one.</summary>
    /// <exception cref="ApiException">Neither is possible.</exception>
    /// <exception cref="OwnerUnknownException">The WorkloadGroup is not known.</exception>
    public async Task<AttachedMachine> ClaimAsync(ObjectKey key, MachineSpec spec, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await CreateAsync(key, spec, cancellationToken);
            }
            catch (ApiException fault) when (fault.Fault == ApiFault.Conflict)
            {
                if (await FindAsync(key, cancellationToken) is { } machine)
                    return machine;
                if (tries == Tries)
                    throw;
            }
        }
    }

    /// <summary>Reads the machine from the API server; null when it does not exist.</summary>
    /// <exception cref="ApiException">It cannot be read.</exception>
    public async Task<AttachedMachine?> FindAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            var machine = AttachedMachine.From(await api.GetAsync(key, cancellationToken));
            machines.Learn(machine);
            return machine;
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.NotFound)
        {
            machines.LearnAbsent(key);
            return null;
        }
    }

    /// <summary>Gives the machine of another WorkloadGroup to this one: it has shown its key.</summary>
    /// <exception cref="ApiException">It cannot be moved now.</exception>
    public async Task<AttachedMachine> MoveAsync(AttachedMachine machine, MachineSpec spec, CancellationToken cancellationToken)
    {
        var key = ObjectKey.From(machine.Metadata);
        try
        {
            await api.DeleteAsync(key, machine.Metadata.ResourceVersion, cancellationToken);
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.NotFound)
        {
            // It is gone already.
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.Conflict)
        {
            // It has changed since: the next report finds its current state.
            await FindAsync(key, cancellationToken);
            throw;
        }

        machines.Forget(key);
        return await ClaimAsync(key, spec, cancellationToken);
    }

    /// <summary>Deletes the machine, unless it has changed since or is gone already.</summary>
    /// <exception cref="ApiException">It cannot be deleted now.</exception>
    public async Task RemoveAsync(AttachedMachine machine, CancellationToken cancellationToken)
    {
        try
        {
            await api.DeleteAsync(ObjectKey.From(machine.Metadata), machine.Metadata.ResourceVersion, cancellationToken);
            machines.Forget(ObjectKey.From(machine.Metadata));
        }
        catch (ApiException fault) when (fault.Fault is ApiFault.NotFound or ApiFault.Conflict)
        {
            // Another replica has deleted it, or it has just reported.
        }
    }

    /// <summary>Writes a report, unless a newer one is there.</summary>
    /// <returns>False when the machine now has another key: it was deleted, and another machine has bound the uuid.</returns>
    /// <exception cref="ApiException">It cannot be written now.</exception>
    /// <exception cref="OwnerUnknownException">The object is gone, and so is the WorkloadGroup.</exception>
    public async Task<bool> WriteAsync(ObjectKey key, MachineReport report, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var known = machines.Find(key);
            if (known is not null && !IsOf(known, report.Spec))
                return false;
            if (known?.LastReportTime >= report.SeenAt && known.LastReportTime <= report.SeenAt + ClockFault)
                return true;

            try
            {
                machines.Learn(await api.WriteStatusAsync(key, known?.Metadata.ResourceVersion, report.Status, cancellationToken));
                return true;
            }
            catch (ApiException fault) when (fault.Fault == ApiFault.NotFound && tries < Tries)
            {
                // An administrator deleted it while its agent reports.
                machines.LearnAbsent(key);
                await ClaimAsync(key, report.Spec, cancellationToken);
            }
            catch (ApiException fault) when (fault.Fault == ApiFault.Conflict && tries < Tries)
            {
                await FindAsync(key, cancellationToken);
            }
        }
    }

    /// <summary>Writes the instances alone.</summary>
    /// <exception cref="ApiException">They cannot be written now.</exception>
    public async Task WriteInstancesAsync(AttachedMachine machine, AgentInstances instances, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new(MachineReport.Instances(instances)), MachineJson.Default.InstancesPatch);
        machines.Learn(await api.WriteStatusAsync(
            ObjectKey.From(machine.Metadata), machine.Metadata.ResourceVersion, body, cancellationToken));
    }

    private async Task<AttachedMachine> CreateAsync(ObjectKey key, MachineSpec spec, CancellationToken cancellationToken)
    {
        var group = new GroupId(key.Namespace, spec.WorkloadGroup);
        var machine = await api.CreateAsync(key, spec, groups.OwnerOf(group) ?? throw new OwnerUnknownException(group), cancellationToken);
        machines.Learn(machine);
        machines.CountOneMore(group);
        return machine;
    }

    private static bool IsOf(AttachedMachine machine, MachineSpec spec) =>
        machine.WorkloadGroup == spec.WorkloadGroup
        && string.Equals(Convert.ToHexStringLower(machine.KeySha256), spec.KeySha256, StringComparison.Ordinal);
}

/// <summary>A machine cannot be created, because its WorkloadGroup is unknown or was deleted.</summary>
internal sealed class OwnerUnknownException(GroupId group) : Exception($"the WorkloadGroup {group} is not known to the dashboard");
