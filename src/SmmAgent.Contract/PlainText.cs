using System.Text.Json;

namespace SmmAgent.Contract;

/// <summary>
/// No value of a mesh configuration has control characters: a shell, iptables-restore or a YAML reader would take a line break for the
/// next line.
/// </summary>
internal static class PlainText
{
    // What has several lines by its nature: the file of a script, certificates, and YAML in an annotation. None of them reaches root's
    // shell.
    private static readonly string[] SeveralLines =
    [
        "mesh.rootCertificate", "mesh.defaultConfig.caCertificatesPem[", "mesh.defaultConfig.readinessProbe.exec.command[",
        "workloadGroup.annotations.", "workloadGroup.metadataAnnotations.", "workloadGroup.probe.exec.command[",
    ];

    /// <summary>Null, or why the text is refused.</summary>
    public static string? Fault(string text, bool mayHaveLines = false)
    {
        foreach (var character in text)
        {
            if (mayHaveLines && character is '\n' or '\r' or '\t')
                continue;
            if (char.IsControl(character) || character is '\u2028' or '\u2029')
                return $"'{NameRules.Shown(text)}' has {Named(character)}, which no value may have";
        }

        return null;
    }

    /// <summary>The faults of a whole document: names of members, and strings at any depth.</summary>
    public static IEnumerable<Fault> Faults(JsonElement element, string path = "")
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                if (Fault(element.GetString()!, SeveralLines.Any(start => path.StartsWith(start, StringComparison.Ordinal))) is { } reason)
                    yield return new(path, reason);
                break;
            case JsonValueKind.Array:
                foreach (var fault in element.EnumerateArray().SelectMany((item, i) => Faults(item, $"{path}[{i}]")))
                    yield return fault;
                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    if (Fault(member.Name) is { } ofName)
                        yield return new(path, $"the name of a member: {ofName}");
                    foreach (var fault in Faults(member.Value, path.Length == 0 ? member.Name : $"{path}.{member.Name}"))
                        yield return fault;
                }

                break;
        }
    }

    private static string Named(char character) => character switch
    {
        '\n' or '\r' or '\u2028' or '\u2029' => "a line break",
        '\t' => "a tab",
        '\0' => "a NUL character",
        _ => $"the control character U+{(int)character:X4}",
    };
}
