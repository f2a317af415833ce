using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Yaml;

namespace SmmAgent.Core.Settings;

/// <summary>The result of an edit of agent.yaml.</summary>
/// <param name="Content">The complete new content; null if the edit is refused.</param>
/// <param name="Refusals">The reasons why the edit is refused.</param>
/// <param name="Others">Errors that the file had before the edit. Until they are fixed, the agent keeps its last valid settings.</param>
/// <param name="Warnings">Values that are accepted but probably unintended.</param>
public sealed record SettingsEditResult(
    byte[]? Content, IReadOnlyList<InputError> Refusals, IReadOnlyList<InputError> Others, IReadOnlyList<InputError> Warnings);

/// <summary>Changes values in agent.yaml, so that a file that was valid stays valid.</summary>
public static class SettingsEdit
{
    private delegate (string? Text, string? Reason) TextEdit(string text);

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="file">The current content; empty if the file does not exist.</param>
    public static SettingsEditResult Apply(ReadOnlySpan<byte> file, IReadOnlyList<SettingChange> changes) =>
        EditWith(file, [.. changes.Select(change => (change.Path, (TextEdit)(text => YamlEdit.Set(text, change))))]);

    /// <summary>Removes a key, so that its default is in effect.</summary>
    /// <param name="path">The key with its section.</param>
    public static SettingsEditResult Remove(ReadOnlySpan<byte> file, string path)
    {
        var words = path.Split('.');
        return EditWith(file, [(path, text => YamlEdit.Remove(text, words.Length > 1 ? words[0] : "", words[^1]))]);
    }

    private static SettingsEditResult EditWith(ReadOnlySpan<byte> file, IReadOnlyList<(string Path, TextEdit Edit)> changes)
    {
        var before = SettingsReader.Read(file);
        if (file.Length > SettingsReader.MaximumBytes)
            return Refused(before.Errors);

        string text;
        try
        {
            text = StrictUtf8.GetString(file);
        }
        catch (DecoderFallbackException)
        {
            return Refused(before.Errors);
        }

        var mark = text.StartsWith('\uFEFF') ? "\uFEFF" : "";
        text = text[mark.Length..];
        foreach (var change in changes)
        {
            var (edited, reason) = change.Edit(text);
            if (edited is null)
                return Refused([new InputError("", reason!)]);
            text = edited;
        }

        return Validate(StrictUtf8.GetBytes(mark + text), before, changes);
    }

    private static SettingsEditResult Validate(
        byte[] content, SettingsReading before, IReadOnlyList<(string Path, TextEdit Edit)> changes)
    {
        var after = SettingsReader.Read(content);
        bool IsOld(InputError fault) => fault.Path.Length > 0
            && before.Errors.Any(old => old.Path == fault.Path)
            && changes.All(change => change.Path != fault.Path);
        var made = after.Errors.Where(fault => !IsOld(fault)).ToList();
        return made.Count > 0 ? Refused(made) : new(content, [], after.Errors.Where(IsOld).ToArray(), after.Warnings);
    }

    private static SettingsEditResult Refused(IReadOnlyList<InputError> faults) => new(null, faults, [], []);
}
