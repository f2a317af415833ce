using SmmAgent.Core.Settings;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Image;

/// <summary>
/// Removes what belongs to this machine, so that machines that are made from its image get their own: uuid, key, tokens, addresses and
/// state. The package and the settings stay.
/// </summary>
/// <param name="keepToken">Whether the operator's bearer token stays, for machines of one WorkloadGroup.</param>
internal sealed class ImagePreparation(HostContext host, bool dryRun, bool keepToken)
{
    private Progress Progress => host.Progress;

    private AgentPaths Paths => host.Paths;

    /// <returns>An exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        if (!host.IsPrivileged)
        {
            Progress.Failed("prepare-image removes files of root: sudo smm-agent prepare-image (also with --dry-run)");
            return ExitCode.NotPermitted;
        }

        if (await FindAttachmentAsync(cancel) is { } attachment)
        {
            Progress.Failed($"this VM is attached ({attachment}): sudo smm-agent detach, then run this again; nothing was changed");
            return ExitCode.Failed;
        }

        var (settings, error) = WithoutUuid();
        if (error is not null)
        {
            Progress.Failed($"{Paths.Settings}: {error}; nothing was changed");
            return ExitCode.Usage;
        }

        var files = FindFiles();
        foreach (var file in files)
            Remove(file);
        if (settings is not null)
            WriteSettings(settings);
        if (files.Count == 0 && settings is null)
            Progress.Done("nothing of this machine is left");
        Progress.Warn("/etc/machine-id belongs to this machine: empty it as the last step, before the image is taken: "
            + "sudo truncate -s 0 /etc/machine-id");
        return ExitCode.Done;
    }

    private async Task<string?> FindAttachmentAsync(CancellationToken cancel)
    {
        if (host.Units is { } systemd && new AgentUnits(systemd, Progress, host.Time).DownPlan() is [var unit, ..])
            return $"detach {unit}";
        using var presence = DaemonPresence.Take(Paths.StateDirectory);
        if (presence.IsTaken)
            return "the daemon is running";
        if (File.Exists(Paths.BeforeAttach) || Directory.Exists(Paths.RollbackSnapshot))
            return "the previous state of the host is still recorded";
        var (plan, unobserved) = await host.Firewall.PlanRemovalAsync(cancel);
        return unobserved ?? (plan.IsEmpty ? null : $"detach would run: {plan.Steps[0]}");
    }

    // Only files at the top: a folder there is not the agent's.
    private List<string> FindFiles()
    {
        string[] folders = [Paths.StateDirectory, Paths.HostStateDirectory, Paths.RuntimeDirectory];
        var files = folders.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder))
            .Append(Paths.RootReport).Where(File.Exists).Order(StringComparer.Ordinal).ToList();
        if (!keepToken && File.Exists(Paths.BearerToken))
            files.Add(Paths.BearerToken);
        return files;
    }

    private void Remove(string file)
    {
        if (dryRun)
        {
            Progress.Would($"remove {file}");
            return;
        }

        File.Delete(file);
        Progress.Done($"remove {file}");
    }

    private (byte[]? Content, string? Error) WithoutUuid()
    {
        var file = SettingsFile.TryLoad(Paths.Settings);
        if (file.Failure is { } failure)
            return (null, failure);
        if (file.Content is not { } content || file.Reading.Readable.Uuid is null)
            return (null, null);

        var lines = System.Text.Encoding.UTF8.GetString(content).Split('\n')
            .Where(line => !line.StartsWith("uuid:", StringComparison.Ordinal));
        var edited = System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines));
        return SettingsReader.Read(edited) is { Readable.Uuid: null } after && after.Errors.Count == file.Reading.Errors.Count
            ? (edited, null) : (null, "the key uuid has a form that this command does not edit: remove it");
    }

    private void WriteSettings(byte[] content)
    {
        if (dryRun)
        {
            Progress.Would($"remove uuid from {Paths.Settings}");
            return;
        }

        using (ConfigLock.Take(Paths.ConfigDirectory, ConfigLock.DefaultTimeout, host.Time))
            new ConfigFile(Paths.Settings).Write(content);
        Progress.Done($"remove uuid from {Paths.Settings}");
    }
}
