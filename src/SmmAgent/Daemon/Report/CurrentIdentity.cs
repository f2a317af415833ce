using Microsoft.Extensions.Logging;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Identity;

namespace SmmAgent.Daemon.Report;

/// <summary>
/// The identity of this agent at the dashboard. A copy of a machine gets a new identity, also if /etc/machine-id changes while the daemon
/// runs.
/// </summary>
/// <param name="fill">Fills a buffer with unpredictable random bytes.</param>
/// <param name="root">Requests a privileged reconcile, which creates the uuid in agent.yaml.</param>
public sealed class CurrentIdentity(AgentPaths paths, Action<Span<byte>> fill, ReconcileRequest root, ILogger<CurrentIdentity> log)
{
    private volatile AgentIdentity _current = Load(paths, fill, log);

    public AgentKey Key => _current.Key;

    public Guid Uuid(AgentSettings settings) => _current.Uuid(settings);

    /// <summary>
    /// Whether the current uuid belongs to the machine that was copied; then a privileged reconcile is requested to create another.
    /// </summary>
    public bool IsForeign(AgentSettings settings)
    {
        if (MachineId.Read(paths.Root) is { } machine && machine != _current.Machine)
            Reload();

        var isForeign = _current.IsForeign(settings);
        root.Request(isForeign ? ["give this copy of a machine a uuid of its own"] : []);
        return isForeign;
    }

    /// <summary>Records that the dashboard accepted a report with this uuid.</summary>
    public void Reported(Guid uuid) => _current = _current.WithReported(paths.Identity, uuid);

    // A file that cannot be written now is written at a later attempt.
    private void Reload()
    {
        try
        {
            _current = Load(paths, fill, log);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            CurrentIdentityLog.NotReplaced(log, paths.Identity, FileErrors.Reason(exception));
        }
    }

    private static AgentIdentity Load(AgentPaths paths, Action<Span<byte>> fill, ILogger log)
    {
        var identity = AgentIdentity.LoadOrCreate(paths.Identity, fill, MachineId.Read(paths.Root));
        if (identity.Replaced is { } replaced)
        {
            CurrentIdentityLog.Replaced(log, paths.Identity, replaced);
            // The state of the other machine does not apply to this one.
            if (replaced == AgentIdentity.CopiedFromAnotherMachine)
            {
                File.Delete(paths.LastKnownAddress);
                File.Delete(paths.RenewedToken);
            }
        }

        return identity;
    }
}

internal static partial class CurrentIdentityLog
{
    [LoggerMessage(EventId = 6101, Level = LogLevel.Warning, Message = "Replaced {Path}: {Reason}")]
    public static partial void Replaced(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 6102, Level = LogLevel.Warning,
        Message = "{Path} belongs to another machine (/etc/machine-id differs) and cannot be replaced: {Reason}")]
    public static partial void NotReplaced(ILogger logger, string path, string reason);
}
