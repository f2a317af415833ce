using SmmAgent.Core.Network;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Yaml;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Configuration;

/// <summary>Writes values into agent.yaml and reports the result.</summary>
/// <param name="isPrivileged">Whether this process is root.</param>
internal sealed class SettingsWriter(string path, Progress progress, TimeProvider time, bool isPrivileged)
{
    private delegate SettingsEditResult EditFile(ReadOnlySpan<byte> file);

    /// <param name="what">The display name of the setting.</param>
    /// <param name="changes">In their order in a new file.</param>
    public int Set(string what, params IReadOnlyList<SettingChange> changes)
    {
        var values = string.Join(' ', changes.Select(change => $"{change.Path}={Shown(change)}"));
        return Change(file => SettingsEdit.Apply(file, changes), isSame => $"{what} is {(isSame ? "unchanged" : "set")} {values}");
    }

    /// <summary>Removes keys, so that their defaults are in effect.</summary>
    /// <param name="keys">With their sections.</param>
    public int Unset(IReadOnlyList<string> keys)
    {
        var defaults = SettingsTable.Rows(new AgentSettings()).ToDictionary(row => row.Key, row => row.Value);
        var code = ExitCode.Done;
        foreach (var key in keys)
        {
            var effect = defaults[key] == SettingsTable.None ? "it has no default" : $"the default is {defaults[key]}";
            code = Math.Max(code, Change(
                file => SettingsEdit.Remove(file, key),
                isSame => $"{key} is {(isSame ? "not set" : "unset")} ({effect})"));
        }

        return code;
    }

    private int Change(EditFile edit, Func<bool, string> describe) => new FileChange(progress, isPrivileged).Run(path, () =>
    {
        var target = new ConfigFile(path);
        target.MakeFolder();
        using var held = ConfigLock.Take(Path.GetDirectoryName(path)!, ConfigLock.DefaultTimeout, time);
        var file = AtomicFile.ReadLimited(path, SettingsReader.MaximumBytes);
        var editing = edit(file);
        foreach (var fault in editing.Refusals)
            progress.Failed($"{path}: {fault}");
        if (editing.Content is null)
            return ExitCode.Usage;

        // The user and the password of a proxy are a secret.
        var closes = target.IsOpenToAll && SettingsReader.Read(editing.Content).Readable.Proxy.Secrets().Count > 0;
        // A removal creates no file.
        var isSame = file is null ? editing.Content.Length == 0 : file.AsSpan().SequenceEqual(editing.Content);
        if (!isSame || closes)
            target.Write(editing.Content, isSecret: closes);
        progress.Done($"{describe(isSame)} config={path}");
        WarnOfDaemon(path);
        if (closes)
            progress.Warn($"{path} was readable by every user of this host and is now closed, because it has the password of the proxy");
        foreach (var warning in editing.Warnings)
            progress.Warn($"{path}: {warning}");
        foreach (var fault in editing.Others)
            progress.Failed($"{path}: {fault}; the last valid settings stay in effect");
        return ExitCode.Done;
    });

    /// <summary>A value that a rule refuses: nothing is read or written.</summary>
    /// <param name="example">The arguments of a command that would work.</param>
    public int Refuse(string reason, string example, string lead = "; for example")
    {
        // The rule has an example of the value, and the command contains it.
        progress.Failed($"{reason.Split(", for example ")[0]}{lead}: sudo smm-agent set {example}");
        return ExitCode.Usage;
    }

    // The URL of a proxy may have a password.
    private static string Shown(SettingChange change) => change.IsRemoval ? "-" :
        change is { Section: "dashboard", Key: "proxy" } && ProxySetting.Parse(change.Value).Value is { } proxy
            ? proxy.ToString() : change.Value;

    public void Warn(string what) => progress.Warn(what);

    /// <summary>Warns if the daemon's user may not read a file that root wrote or named.</summary>
    public void WarnOfDaemon(string file)
    {
        if (ReadDenial.ForDaemon(file) is { } refusal)
            progress.Warn($"{refusal}");
    }
}
