using SmmAgent.Contract;

namespace SmmDashboard.Kubernetes.Mesh;

/// <summary>Kubernetes' rules for labels. The CRD of WorkloadGroup does not have them, and istiod could not make a WorkloadEntry with others.</summary>
internal static class LabelRules
{
    private const int MaximumLength = 63;

    /// <summary>Null, or why Kubernetes would refuse the label.</summary>
    public static string? Fault(string name, string value)
    {
        var slash = name.LastIndexOf('/');
        if ((slash >= 0 && NameRules.Subdomain(name[..slash]) is not null) || !IsName(name[(slash + 1)..]))
            return $"'{NameRules.Shown(name)}' is not the name of a label ([PREFIX/]NAME, at most 63 of A-Z, a-z, 0-9, '-', '_' and '.')";

        return value.Length == 0 || IsName(value)
            ? null
            : $"'{NameRules.Shown(name)}' has the value '{NameRules.Shown(value)}', which no label can have (at most 63 of A-Z, a-z, 0-9, '-', '_' and '.')";
    }

    private static bool IsName(string text) =>
        text.Length is > 0 and <= MaximumLength
        && char.IsAsciiLetterOrDigit(text[0])
        && char.IsAsciiLetterOrDigit(text[^1])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
