namespace SmmDashboard.Kubernetes.Api;

/// <summary>A kind of objects, in one namespace or in all.</summary>
/// <param name="Group">For example <c>networking.istio.io</c>; empty for the core group.</param>
/// <param name="Plural">For example <c>workloadgroups</c>.</param>
/// <param name="Versions">Those that the program can read, the preferred one first.</param>
/// <param name="Namespace">Null for all namespaces, and for kinds of the whole cluster.</param>
/// <param name="FieldSelector">For example <c>metadata.name=istio</c>: what an account with a right to one name may list and watch.</param>
/// <param name="LabelSelector">Null for all objects.</param>
public sealed record ApiResource(
    string Group, string Plural, IReadOnlyList<string> Versions, string? Namespace = null, string? FieldSelector = null,
    string? LabelSelector = null)
{
    /// <summary>As Kubernetes writes it: <c>workloadgroups.networking.istio.io</c>.</summary>
    public string Kind => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>The kind, and the name and the namespace when there are such limits.</summary>
    public override string ToString() =>
        Kind
        + (FieldSelector?.StartsWith(ByName, StringComparison.Ordinal) is true ? $" named {FieldSelector[ByName.Length..]}" : "")
        + (Namespace is null ? "" : $" in namespace {Namespace}");

    private const string ByName = "metadata.name=";

    internal string GroupPath => Group.Length == 0 ? "api" : $"apis/{Group}";

    internal string ListPath(string version) =>
        $"{GroupPath}/{version}/{(Namespace is null ? "" : $"namespaces/{Uri.EscapeDataString(Namespace)}/")}{Plural}";

    /// <summary>The selectors as a query, with <c>&amp;</c> at the end when there are any.</summary>
    internal string Selectors =>
        (FieldSelector is null ? "" : $"fieldSelector={Uri.EscapeDataString(FieldSelector)}&")
        + (LabelSelector is null ? "" : $"labelSelector={Uri.EscapeDataString(LabelSelector)}&");
}
