using SmmAgent.Contract;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>
/// Kubernetes' rules for labels. The CRD of WorkloadGroup does not have them, and istiod could not make a WorkloadEntry with others.
/// </summary>
internal static class LabelRules
{
    /// <summary>The reason why Kubernetes would refuse the label; null when it is valid.</summary>
    public static string? Fault(string name, string value)
    {
        var slash = name.LastIndexOf('/');
        if ((slash >= 0 && NameRules.Subdomain(name[..slash]) is not null) || NameRules.LabelValue(name[(slash + 1)..]) is not null)
            return $"'{NameRules.Shown(name)}' is not the name of a label ([PREFIX/]NAME, at most 63 of A-Z, a-z, 0-9, '-', '_' and '.')";

        // A name has the same rules as a value, which may also be empty.
        return value.Length == 0 || NameRules.LabelValue(value) is null
            ? null
            : $"'{NameRules.Shown(name)}' has the value '{NameRules.Shown(value)}', which no label can have (at most 63 of A-Z, a-z, 0-9, "
                + "'-', '_' and '.')";
    }
}
