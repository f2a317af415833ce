using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Yaml;

namespace SmmAgent.Core.Settings;

/// <summary>What became of an edit of agent.yaml.</summary>
/// <param name="Content">The whole file as it is to be; null when the edit is refused.</param>
/// <param name="Refusals">Why it is refused.</param>
/// <param name="Others">What was wrong with the file before and still is: until it is mended, the agent keeps its last good
/// settings.</param>
/// <param name="Warnings">What is accepted but probably not meant.</param>
public sealed record SettingsEditResult(
    byte[]? Content, IReadOnlyList<Fault> Refusals, IReadOnlyList<Fault> Others, IReadOnlyList<Fault> Warnings);

/// <summary>Changes values in agent.yaml, so that a file that was valid stays valid.</summary>
public static class SettingsEdit
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="file">The file as it is; empty when there is none.</param>
    public static SettingsEditResult Apply(ReadOnlySpan<byte> file, IReadOnlyList<SettingChange> changes)
    {
        var before = SettingsReader.Read(file);
        if (file.Length > SettingsReader.MaximumBytes)
            return Refused(before.Faults);

        string text;
        try
        {
            text = StrictUtf8.GetString(file);
        }
        catch (DecoderFallbackException)
        {
            return Refused(before.Faults);
        }

        var mark = text.StartsWith('\uFEFF') ? "\uFEFF" : "";
        text = text[mark.Length..];
        foreach (var change in changes)
        {
            var (edited, why) = YamlEdit.Set(text, change);
            if (edited is null)
                return Refused([new Fault("", why!)]);
            text = edited;
        }

        return Judge(StrictUtf8.GetBytes(mark + text), before, changes);
    }

    private static SettingsEditResult Judge(byte[] content, SettingsReading before, IReadOnlyList<SettingChange> changes)
    {
        var after = SettingsReader.Read(content);
        bool IsOld(Fault fault) => fault.Path.Length > 0
            && before.Faults.Any(old => old.Path == fault.Path)
            && changes.All(change => change.Path != fault.Path);
        var made = after.Faults.Where(fault => !IsOld(fault)).ToList();
        return made.Count > 0 ? Refused(made) : new(content, [], [.. after.Faults.Where(IsOld)], after.Warnings);
    }

    private static SettingsEditResult Refused(IReadOnlyList<Fault> faults) => new(null, faults, [], []);
}
