using SmmAgent.Core.Settings;
using SmmAgent.Host.Configuration;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Identity;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Reconcile;

/// <summary>The settings of a reconcile with the uuid of this machine.</summary>
/// <param name="Settings">In a dry run, without a uuid that would be replaced.</param>
/// <param name="Code">An exit code; the reconcile ends unless it is <see cref="ExitCode.Done"/>.</param>
/// <param name="IsUnbound">Whether the uuid could not be bound to this machine.</param>
internal sealed record PreparedSettings(AgentSettings Settings, int Code = ExitCode.Done, bool IsUnbound = false);

/// <summary>Reads the settings of a reconcile, and ensures that their uuid belongs to this machine.</summary>
internal sealed class ReconcileSettings(HostContext host, ReconcileOptions options)
{
    private readonly AgentUuid _uuid = new(host);

    private Progress Progress => host.Progress;

    /// <summary>Reads agent.yaml and reports its errors.</summary>
    /// <returns>Null if the settings are invalid or incomplete.</returns>
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
    public PreparedSettings PrepareUuid(AgentSettings settings)
    {
        if (settings.Uuid is null)
        {
            if (Generate() is > ExitCode.Done and var refusal)
                return new(settings, refusal);

            // The uuid is a label of the WorkloadEntry, so the sidecar's files need it before the first start.
            settings = settings with { Uuid = UuidInFile() };
        }

        var machine = MachineId.Read(host.Paths.Root);
        if (options.DryRun && settings.Uuid is { } foreign && _uuid.IsOfAnotherMachine(foreign, machine))
        {
            Progress.Would("would generate a new uuid: this VM is a copy of another machine (/etc/machine-id differs), "
                + $"whose uuid is {foreign}");
            Progress.Would("would remove the sidecar's token, certificate and key, which belong to the other machine",
                ProgressLine.Sidecar);
            settings = settings with { Uuid = null };
        }

        if (options.DryRun || (settings.Uuid ?? UuidInFile()) is not { } uuid)
            return new(settings);

        return _uuid.Bind(uuid, machine) is > ExitCode.Done and var unbound
            ? new(settings, unbound, IsUnbound: true)
            : new(settings with { Uuid = UuidInFile() });
    }

    private AgentSettings? ReadFile()
    {
        var path = host.Paths.Settings;
        var file = SettingsFile.Load(path);
        if (!file.Exists)
        {
            Progress.Failed(
                $"{path} does not exist yet: it names the dashboard and the WorkloadGroup; sudo smm-agent set dashboard-url URL");
            return null;
        }

        var reading = file.Reading;
        foreach (var warning in reading.Warnings)
            Progress.Warn($"{path}: {warning}");
        foreach (var fault in reading.Errors)
            Progress.Failed($"{path}: {fault}");
        return reading.Settings;
    }

    /// <summary>The setting that is missing, with the command that sets it; null if the settings are complete.</summary>
    /// <remarks>
    /// The privileged reconcile continues without it: its unit runs at boot and must not fail before the VM is configured.
    /// </remarks>
    private string? Missing(AgentSettings settings) =>
        options.HostOnly ? null
        : settings.DashboardUrl is null ? "no dashboard is set: sudo smm-agent set dashboard-url URL"
        : DashboardTarget.From(settings) is null ? "no WorkloadGroup is set: sudo smm-agent set workload-group NAMESPACE/NAME"
        : new BearerTokenFile(host.Paths.BearerToken).Read() is { Token: null, IsForbidden: false } reading ? reading.Fault
        : null;

    // The privileged reconcile does not write agent.yaml; the command of the operator does.
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
