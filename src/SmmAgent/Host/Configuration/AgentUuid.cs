using System.Security.Cryptography;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Yaml;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Identity;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Configuration;

/// <summary>The uuid that agent.yaml gets when it has none: this VM's name towards the dashboard.</summary>
internal sealed class AgentUuid(HostContext host)
{
    private AgentPaths Paths => host.Paths;

    /// <summary>Writes a new uuid into agent.yaml, unless it has one.</summary>
    /// <returns>An exit code.</returns>
    public int Generate() => Changes.Run(Paths.Settings, GenerateLocked);

    private FileChange Changes => new(host.Progress, host.IsPrivileged);

    private int GenerateLocked()
    {
        var (path, progress) = (Paths.Settings, host.Progress);
        // Of several commands at once only the first may make one, and none may lose what 'set' changes meanwhile.
        using var held = ConfigLock.Take(Path.GetDirectoryName(path)!, ConfigLock.DefaultTimeout, host.Time);
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

    /// <summary>Binds the uuid to this machine at first sight; a uuid that was copied from another machine is replaced, with all that was known of that one.</summary>
    /// <param name="machine">This machine; null where it has no id.</param>
    /// <returns>An exit code.</returns>
    public int Bind(Guid uuid, string? machine) =>
        machine is null ? ExitCode.Done : Changes.Run(Paths.HostIdentity, () => BindLocked(uuid, machine));

    /// <summary>Whether <see cref="Bind"/> would replace the uuid; false if that cannot be read.</summary>
    public bool IsOfAnotherMachine(Guid uuid, string? machine)
    {
        try
        {
            return machine is not null && UuidBinding.Load(Paths)?.IsForeign(uuid, machine) == true;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return false;
        }
    }

    private int BindLocked(Guid uuid, string machine)
    {
        var (paths, progress) = (Paths, host.Progress);
        using var held = ConfigLock.Take(paths.ConfigDirectory, ConfigLock.DefaultTimeout, host.Time);
        var binding = UuidBinding.Load(paths);
        if (binding?.IsForeign(uuid, machine) != true)
        {
            if (binding is null || binding.Uuid != uuid || binding.Machine != machine)
                new UuidBinding(uuid, machine, binding?.Retired).Save(paths);
            return ExitCode.Done;
        }

        var file = AtomicFile.ReadLimited(paths.Settings, SettingsReader.MaximumBytes);
        var own = AgentIdentity.NewUuid(RandomNumberGenerator.Fill);
        var editing = SettingsEdit.Apply(file, [new SettingChange("", "uuid", $"{own}", IsBare: true)]);
        foreach (var fault in editing.Refusals)
            progress.Failed($"{paths.Settings}: {fault}");
        if (editing.Content is not { } content)
            return ExitCode.Usage;

        // What the sidecar registers with goes first: a pass that is cut off here meets the old uuid again, and goes on.
        var guarded = new SafeFileSystem(paths.Root);
        foreach (var secret in SidecarFiles.CredentialFiles.Where(guarded.Exists))
            guarded.Remove(secret);
        // The file also contains the address and the host name of the other machine; the reconcile writes it again.
        // Before an earlier version's host has the drop-in, its sidecar reads the file in the package's folder.
        string[] environments = guarded.Exists(SidecarFiles.DropIn)
            ? [SidecarFiles.ClusterEnvironment]
            : [SidecarFiles.ClusterEnvironment, SidecarFiles.PackageClusterEnvironment];
        foreach (var environment in environments)
        {
            if (guarded.Read(environment, SidecarObserver.MaximumFileBytes).Content?.Contains($"{uuid}", StringComparison.Ordinal) == true)
                guarded.Remove(environment);
        }

        File.Delete(paths.HostToken);
        File.Delete(paths.HostLastKnownAddress);
        // Then the record: it is the only place that knows the other machine's uuid once agent.yaml has another.
        new UuidBinding(own, machine, uuid).Save(paths);
        new ConfigFile(paths.Settings).Write(content);
        progress.Done($"this VM is a copy of another machine (/etc/machine-id differs), new uuid is generated uuid={own} replaced={uuid}");
        return ExitCode.Done;
    }
}
