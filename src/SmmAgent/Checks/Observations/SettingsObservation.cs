using SmmAgent.Contract;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.State;

namespace SmmAgent.Checks.Observations;

/// <summary>The current agent.yaml.</summary>
/// <param name="Settings">The settings; the defaults if there is no usable file.</param>
/// <param name="Exists">Whether the file exists.</param>
/// <param name="Faults">The errors that make it unusable; empty if it is valid.</param>
/// <param name="Warnings">Probable mistakes.</param>
/// <param name="UnreadableReason">The reason that it is unreadable for this user; null if it is readable.</param>
internal sealed record SettingsObservation(
    AgentSettings Settings, bool Exists, IReadOnlyList<InputError> Faults, IReadOnlyList<InputError> Warnings, string? UnreadableReason)
{
    /// <summary>The line of a check that needs valid settings; null if the settings are valid.</summary>
    public CheckLine? SkipLine =>
        UnreadableReason is not null ? CheckLine.Skipped(UnreadableReason, CheckContext.AsRoot)
        : Faults.Count > 0 ? CheckLine.Skipped("agent.yaml is not valid, see above")
        : null;

    /// <summary>The files that this user may read but the daemon may not: agent.yaml or the file of <c>dashboard.caFile</c>.</summary>
    public IReadOnlyList<ReadDenial> Refusals { get; init; } = [];

    public static SettingsObservation Read(AgentPaths paths)
    {
        var file = SettingsFile.TryLoad(paths.Settings);
        if (file.IsForbidden)
            return new(new(), Exists: true, [], [], $"{paths.Settings} may not be read by this user");

        string?[] read = file.Content is null ? [] : [paths.Settings, file.Reading.Settings?.CaFile];
        return new(file.Reading.Settings ?? new(), file.Exists, file.Reading.Errors, file.Reading.Warnings, null)
        {
            Refusals = read.OfType<string>().Select(ReadDenial.ForDaemon).OfType<ReadDenial>().ToArray(),
        };
    }
}
