using System.Security.Cryptography;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.State;

namespace SmmAgent.Cli;

/// <summary>The uuid that agent.yaml gets when it has none: this VM's name towards the dashboard.</summary>
internal static class MissingUuid
{
    /// <returns>An exit code.</returns>
    public static int Generate(string path, Progress progress) => SettingsWriter.Guarded(path, progress, () => Write(path, progress));

    private static int Write(string path, Progress progress)
    {
        // Of several commands at once only the first may make one, and none may lose what 'set' changes meanwhile.
        using var held = ConfigLock.Take(Path.GetDirectoryName(path)!, ConfigLock.DefaultTimeout, TimeProvider.System);
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
