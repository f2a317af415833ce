using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using SmmAgent.Contract;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>One finding about a mesh description.</summary>
/// <param name="Line">The line in the file; null when it is not known.</param>
/// <param name="Path">The member; empty for the whole file.</param>
/// <param name="Message">The value, what is wrong with it, and what is valid.</param>
public sealed record MeshFileFinding(int? Line, string Path, string Message);

/// <summary>The result of <c>check --mesh FILE</c>.</summary>
/// <param name="File">The file.</param>
/// <param name="WorkloadGroups">The number of WorkloadGroups; 0 for an invalid file.</param>
/// <param name="Faults">The faults. With one, the dashboard does not start, or keeps the last valid version.</param>
/// <param name="Warnings">What has no effect or is probably forgotten.</param>
public sealed record MeshFileCheck(
    string File, int WorkloadGroups, IReadOnlyList<MeshFileFinding> Faults, IReadOnlyList<MeshFileFinding> Warnings)
{
    private const string LinePrefix = "line ";

    public static MeshFileCheck Run(string file)
    {
        var content = new MeshFile(file).Load();
        var read = content.Value is { } bytes ? MeshFile.Read(bytes) : ReadResult<MeshDescription>.Refused(content.Errors);
        var lines = new MeshFileLines(content.Value is { } text ? Encoding.UTF8.GetString(text).TrimStart('\uFEFF') : "");
        return new MeshFileCheck(
            file, read.Value?.Groups.Count ?? 0,
            [
                .. read.Errors.Select(fault => content.Value is null
                    ? new MeshFileFinding(null, fault.Path, $"{fault.Reason}; {MeshFile.Advice}")
                    : Find(fault.Path, fault.Reason, lines)),
            ],
            [.. (read.Value?.Warnings ?? []).Select(warning => warning.Split(": ", 2) is [var path, var reason]
                ? Find(path, reason, lines)
                : new MeshFileFinding(null, "", warning))]);
    }

    /// <summary>One line for each finding, as compilers write them, and a summary.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        foreach (var (mark, finding) in Faults.Select(fault => ('✗', fault)).Concat(Warnings.Select(warning => ('!', warning))))
        {
            var line = finding.Line is { } number ? string.Create(CultureInfo.InvariantCulture, $":{number}") : "";
            var path = finding.Path.Length == 0 ? "" : $"{OneLine.ReplaceUnprintable(finding.Path, '?', 400)}: ";
            text.Append(CultureInfo.InvariantCulture, $"{mark} {File}{line}: {path}{OneLine.ReplaceUnprintable(finding.Message)}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"{(Faults.Count > 0
            ? $"{Faults.Count} failed"
            : $"✓ {File} is valid: {WorkloadGroups} WorkloadGroups")}, {Warnings.Count} warnings\n").ToString();
    }

    public string Json() => JsonSerializer.Serialize(this, MeshFileCheckJson.Default.MeshFileCheck);

    private static MeshFileFinding Find(string path, string reason, MeshFileLines lines)
    {
        // Faults of the YAML itself name their line.
        if (path.Length == 0 && reason.StartsWith(LinePrefix, StringComparison.Ordinal)
            && reason[LinePrefix.Length..].Split(": ", 2) is [var number, var rest]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var line))
            return new MeshFileFinding(line, "", rest);

        return new MeshFileFinding(lines.Find(path), path, reason);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(MeshFileCheck))]
internal sealed partial class MeshFileCheckJson : JsonSerializerContext;
