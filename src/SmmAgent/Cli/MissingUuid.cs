using System.Security.Cryptography;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.State;

namespace SmmAgent.Cli;

/// <summary>The uuid that agent.yaml gets when it has none: this VM's name towards the dashboard.</summary>
internal static class MissingUuid
{
    /// <returns>An exit code.</returns>
    public static async Task<int> GenerateAsync(AgentPaths paths, Progress progress, CancellationToken cancel)
    {
        // Of several commands at once only the first may make one.
        var (held, why) = await new AgentLock(paths.Lock, TimeProvider.System).AcquireAsync(AgentLock.DefaultTimeout, cancel);
        if (held is null)
        {
            progress.Failed($"the uuid cannot be written: {why}");
            return ExitCode.Failed;
        }

        using (held)
            return SettingsWriter.Guarded(paths.Settings, progress, () => Write(paths.Settings, progress));
    }

    private static int Write(string path, Progress progress)
    {
        var file = AtomicFile.ReadLimited(path, SettingsReader.MaximumBytes);
        if (SettingsReader.Read(file).Settings?.Uuid is not null)
            return ExitCode.Done;

        var uuid = AgentIdentity.NewUuid(RandomNumberGenerator.Fill);
        var editing = SettingsEdit.Apply(file, [new SettingChange("", "uuid", $"{uuid}", IsBare: true)]);
        foreach (var fault in editing.Refusals)
            progress.Failed($"{path}: {fault}");
        if (editing.Content is not { } content)
            return ExitCode.Usage;

        new ConfigFile(path).Write(content);
        progress.Done($"uuid not present in config file, new uuid is generated uuid={uuid}");
        return ExitCode.Done;
    }
}
