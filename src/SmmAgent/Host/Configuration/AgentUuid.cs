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

/// <summary>Generates the uuid in agent.yaml, which identifies this VM to the dashboard, and binds it to this machine.</summary>
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
        // With the lock, only one of several concurrent commands creates a uuid, and no concurrent change by 'set' is lost.
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

    /// <summary>
    /// Binds a new uuid to this machine. A uuid that was copied from another machine is replaced, and the state of that machine is removed.
    /// </summary>
    /// <param name="machine">The id of this machine; null if it has none.</param>
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

        // The credentials of the sidecar first: a reconcile that is interrupted here finds the old uuid again and continues.
        var guarded = new SafeFileSystem(paths.Root);
        foreach (var secret in SidecarFiles.CredentialFiles.Where(guarded.Exists))
            guarded.Remove(secret);
        // The file also contains the address and the host name of the other machine. The reconcile writes it again.
        // A host of an earlier version has no drop-in yet: its sidecar reads the file in the folder of the package.
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
        // The record before agent.yaml: afterwards only the record has the uuid of the other machine.
        new UuidBinding(own, machine, uuid).Save(paths);
        new ConfigFile(paths.Settings).Write(content);
        progress.Done($"this VM is a copy of another machine (/etc/machine-id differs), new uuid is generated uuid={own} replaced={uuid}");
        return ExitCode.Done;
    }
}
