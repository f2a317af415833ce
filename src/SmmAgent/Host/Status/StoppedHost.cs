using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Host.Rollback;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Status;

/// <summary>The verdict about a host whose daemon does not run: fresh, detached, rolled back, or with a daemon that was stopped.</summary>
/// <param name="Steps">The commands that come next, in their order.</param>
internal sealed record StoppedHost(AgentStatus Status, IReadOnlyList<string> Steps)
{
    // The link by which systemd starts the daemon at boot; every user may read it, also where there is no bus.
    private const string EnabledLink = "etc/systemd/system/multi-user.target.wants/" + AgentUnits.Daemon;
    private const string Reconcile = "sudo smm-agent reconcile";

    /// <param name="fault">Why status.json cannot be used although it exists; null if there is none.</param>
    public static StoppedHost Observe(AgentPaths paths, string? fault, DateTimeOffset now)
    {
        var file = SettingsFile.TryLoad(paths.Settings);
        var settings = file.Reading.Settings ?? new();
        var group = settings is { Namespace: { } @namespace, Name: { } name } ? new GroupName(@namespace, name) : null;
        var (state, message, steps) = Evaluate(paths, file, settings, fault);
        return new(
            new AgentStatus
            {
                Agent = new(ProgramVersion.Current, null),
                Attachment = new(state.Name(), null, null, null, message, steps[0]),
                WorkloadGroup = group,
                Network = new(null),
                Gateways = [],
                Ports = [],
                Conditions = [],
                UpdatedAt = now,
            },
            steps);
    }

    private static (AttachmentState State, string Message, string[] Steps) Evaluate(
        AgentPaths paths, SettingsFile file, AgentSettings settings, string? fault)
    {
        if (fault is not null)
            return (AttachmentState.Unknown, fault, ["sudo systemctl restart smm-agent"]);
        if (new FileInfo(Path.Combine(paths.Root, EnabledLink)) is { LinkTarget: not null } or { Exists: true })
        {
            return (AttachmentState.Unknown, "the daemon is enabled, but does not run, so that nothing is observed",
                ["sudo systemctl start smm-agent", "journalctl -u smm-agent -e"]);
        }

        if (ConfirmationNote.Read(paths) is { IsRolledBack: true } note)
        {
            return (AttachmentState.NotAttached,
                $"the last reconcile was not confirmed and was rolled back at {TimeText.Format(note.Time)}",
                ["sudo smm-agent reconcile --confirm-within 120s", "sudo smm-agent confirm"]);
        }

        if (file.IsForbidden)
        {
            return (AttachmentState.NotAttached,
                $"the daemon does not run, and only root may read {paths.Settings}, which shows what comes next",
                ["sudo smm-agent status"]);
        }

        if (file.Reading.Errors is [var error, ..])
            return (AttachmentState.NotConfigured, $"{paths.Settings} is not valid: {error}", ["sudo smm-agent config show"]);

        List<string> missing = [];
        if (settings.DashboardUrl is null)
            missing.Add("sudo smm-agent set dashboard-url URL");
        if (settings.Namespace is null || settings.Name is null)
            missing.Add("sudo smm-agent set workload-group NAMESPACE/NAME");
        if (!File.Exists(paths.BearerToken))
            missing.Add("sudo smm-agent set bearer-token --stdin");
        return missing.Count > 0
            ? (AttachmentState.NotConfigured, "this host is not configured yet", [.. missing, Reconcile])
            : (AttachmentState.NotAttached, "this host is configured, and not attached", [Reconcile]);
    }
}
