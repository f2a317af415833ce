using System.Text.Json;

namespace SmmAgent.Contract;

/// <summary>
/// Refuses control characters in a mesh configuration, because a shell, iptables-restore or a YAML reader would treat a line break as
/// the start of another line.
/// </summary>
internal static class PlainText
{
    // Values that may have several lines: a script, certificates, and YAML in an annotation. None of them reaches a shell that runs as
    // root.
    private static readonly string[] SeveralLines =
    [
        "mesh.rootCertificate", "mesh.defaultConfig.caCertificatesPem[", "mesh.defaultConfig.readinessProbe.exec.command[",
        "workloadGroup.annotations.", "workloadGroup.metadataAnnotations.", "workloadGroup.probe.exec.command[",
    ];

    /// <summary>Validates a text.</summary>
    /// <returns>Null for a valid text; otherwise the reason.</returns>
    public static string? Validate(string text, bool mayHaveLines = false)
    {
        foreach (var character in text)
        {
            if (mayHaveLines && character is '\n' or '\r' or '\t')
                continue;
            if (char.IsControl(character) || character is '\u2028' or '\u2029')
                return $"'{NameRules.Shown(text)}' has {Named(character)}, which is not allowed in any value";
        }

        return null;
    }

    /// <summary>The errors of a whole document: names of members, and strings at any depth.</summary>
    public static IEnumerable<InputError> FindErrors(JsonElement element, string path = "")
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                var mayHaveLines = SeveralLines.Any(start => path.StartsWith(start, StringComparison.Ordinal));
                if (Validate(element.GetString()!, mayHaveLines) is { } reason)
                    yield return new(path, reason);
                break;
            case JsonValueKind.Array:
                var errors = element.EnumerateArray().Select((item, i) => FindErrors(item, $"{path}[{i}]"));
                foreach (var fault in errors.SelectMany(faults => faults))
                    yield return fault;
                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    if (Validate(member.Name) is { } ofName)
                        yield return new(path, $"the name of a member: {ofName}");
                    foreach (var fault in FindErrors(member.Value, path.Length == 0 ? member.Name : $"{path}.{member.Name}"))
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
