using SmmAgent.Core.Settings;
using SmmAgent.Host.Configuration;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Identity;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Reconcile;

/// <summary>Reads the settings of a reconcile, with a uuid that belongs to this machine.</summary>
internal sealed class ReconcileSettings(HostContext host, ReconcileOptions options)
{
    private readonly AgentUuid _uuid = new(host);

    private Progress Progress => host.Progress;

    /// <summary>Reads agent.yaml and reports its errors.</summary>
    /// <returns>Null when the settings cannot be used, or the operator has to set something first.</returns>
    public AgentSettings? Read()
    {
        if (ReadFile() is not { } settings)
            return null;
        if (Missing(settings) is not { } missing)
            return settings;

        Progress.Failed(missing);
        return null;
    }

    /// <summary>Gives agent.yaml a uuid of its own where it has none, or the uuid of the machine that this VM is a copy of.</summary>
    /// <param name="settings">With the uuid afterwards. In a dry run, without a uuid that would be replaced.</param>
    /// <returns>An exit code; and whether the uuid could not be bound to this machine.</returns>
    public (int Code, bool IsUnbound) PrepareUuid(ref AgentSettings settings)
    {
        if (settings.Uuid is null)
        {
            if (Generate() is > ExitCode.Done and var refusal)
                return (refusal, false);

            // The uuid is a label of the WorkloadEntry, so the sidecar's files contain it already at the first start.
            settings = settings with { Uuid = UuidInFile() };
        }

        var machine = MachineId.Read(host.Paths.Root);
        if (options.DryRun && settings.Uuid is { } foreign && _uuid.IsOfAnotherMachine(foreign, machine))
        {
            Progress.Would($"would generate a new uuid: this VM is a copy of another machine (/etc/machine-id differs), whose uuid is {foreign}");
            Progress.Would("would remove the sidecar's token, certificate and key, which belong to the other machine");
            settings = settings with { Uuid = null };
        }

        if (options.DryRun || (settings.Uuid ?? UuidInFile()) is not { } uuid)
            return (ExitCode.Done, false);
        if (_uuid.Bind(uuid, machine) is > ExitCode.Done and var unbound)
            return (unbound, true);

        settings = settings with { Uuid = UuidInFile() };
        return (ExitCode.Done, false);
    }

    private AgentSettings? ReadFile()
    {
        var path = host.Paths.Settings;
        var file = SettingsFile.Load(path);
        if (!file.Exists)
        {
            Progress.Failed($"{path} does not exist yet: it names the dashboard and the WorkloadGroup; sudo smm-agent set dashboard-url URL");
            return null;
        }

        var reading = file.Reading;
        foreach (var warning in reading.Warnings)
            Progress.Warn($"{path}: {warning}");
        foreach (var fault in reading.Errors)
            Progress.Failed($"{path}: {fault}");
        return reading.Settings;
    }

    /// <summary>What the operator has to set first; null when nothing is missing.</summary>
    /// <remarks>The privileged service goes on without it: it runs at boot, and a host that is not configured yet is not a failed unit.</remarks>
    private string? Missing(AgentSettings settings) =>
        options.HostOnly ? null
        : settings.DashboardUrl is null ? "no dashboard is set: sudo smm-agent set dashboard-url URL"
        : DashboardTarget.From(settings) is null ? "no WorkloadGroup is set: sudo smm-agent set workload-group NAMESPACE NAME"
        : new BearerTokenFile(host.Paths.BearerToken).Read() is { Token: null, IsForbidden: false } reading ? reading.Fault
        : null;

    // The privileged service leaves agent.yaml to the operator's own command.
    private int Generate()
    {
        if (!options.DryRun && !options.HostOnly)
            return _uuid.Generate();
        if (options.DryRun)
            Progress.Would("would generate uuid");
        return ExitCode.Done;
    }

    private Guid? UuidInFile() => SettingsFile.Load(host.Paths.Settings).Reading.Settings?.Uuid;
}
