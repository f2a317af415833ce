using SmmAgent.Contract;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;

namespace SmmAgent.Checks.Observations;

/// <summary>agent.yaml as it is now.</summary>
/// <param name="Settings">The settings; those of no file where there is none or it cannot be used.</param>
/// <param name="Exists">False where there is no file.</param>
/// <param name="Faults">Why it cannot be used; empty when it can.</param>
/// <param name="Warnings">What is probably not meant.</param>
/// <param name="UnreadableReason">Why this user cannot read it; null when that is not so.</param>
internal sealed record SettingsObservation(
    AgentSettings Settings, bool Exists, IReadOnlyList<Fault> Faults, IReadOnlyList<Fault> Warnings, string? UnreadableReason)
{
    /// <summary>What a check says that cannot go on without valid settings; null when it can.</summary>
    public CheckLine? SkipLine =>
        UnreadableReason is not null ? CheckLine.Skipped(UnreadableReason, CheckContext.AsRoot)
        : Faults.Count > 0 ? CheckLine.Skipped("agent.yaml is not valid, see above")
        : null;

    /// <summary>Why the daemon may not read agent.yaml, or the file of <c>dashboard.caFile</c>, although this user may.</summary>
    public IReadOnlyList<ReadRefusal> Refusals { get; init; } = [];

    public static SettingsObservation Read(AgentPaths paths)
    {
        try
        {
            if (AtomicFile.ReadLimited(paths.Settings, SettingsReader.MaximumBytes) is not { } bytes)
                return new(new(), Exists: false, [], [], null);

            var reading = SettingsReader.Read(bytes);
            return new(reading.Settings ?? new(), Exists: true, reading.Faults, reading.Warnings, null)
            {
                Refusals = [.. new[] { paths.Settings, reading.Settings?.CaFile }.OfType<string>().Select(ReadRefusal.OfDaemon).OfType<ReadRefusal>()],
            };
        }
        catch (UnauthorizedAccessException)
        {
            return new(new(), Exists: true, [], [], $"{paths.Settings} may not be read by this user");
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            return new(new(), Exists: true, [new Fault("", exception.Message)], [], null);
        }
    }
}
