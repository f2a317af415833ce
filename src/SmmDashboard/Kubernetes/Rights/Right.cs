namespace SmmDashboard.Kubernetes.Rights;

/// <summary>A right that the dashboard needs: what RBAC calls a rule, for one resource.</summary>
/// <param name="Group">Empty for the core group.</param>
/// <param name="Resource">Plural; a subresource has a slash: <c>serviceaccounts/token</c>.</param>
/// <param name="Verbs">For example <c>list</c> and <c>watch</c>.</param>
public sealed record Right(string Group, string Resource, params string[] Verbs)
{
    /// <summary>Null for the whole cluster.</summary>
    public string? Namespace { get; init; }

    /// <summary>The one object; null for all.</summary>
    public string? Name { get; init; }

    /// <summary>The function that fails without the right, as the end of a sentence.</summary>
    public required string Without { get; init; }

    /// <summary>As Kubernetes writes it: <c>nodes</c>, <c>attachedmachines.smm-agent.io</c>.</summary>
    public string Kind => Group.Length == 0 ? Resource : $"{Resource}.{Group}";

    /// <summary>Where it is missing, and what to add: <c>{apiGroups: [""], resources: [nodes], verbs: [list, watch]}</c>.</summary>
    public string Fix =>
        $"add to {(Namespace is null ? "ClusterRole smm-dashboard" : $"Role smm-dashboard in namespace {Namespace}")}: {Rule}";

    /// <summary>The rule of a Role or ClusterRole that grants it.</summary>
    public string Rule =>
        $"{{apiGroups: [\"{Group}\"], resources: [{Resource}]{(Name is null ? "" : $", resourceNames: [\"{Name}\"]")}, verbs: "
            + $"[{string.Join(", ", Verbs)}]}}";

    /// <summary>One line for an operator: <c>may not list, watch nodes: …</c>.</summary>
    /// <param name="verbs">Those that are missing.</param>
    public string Missing(IEnumerable<string> verbs) =>
        $"may not {string.Join(", ", verbs)} "
            + $"{Kind}{(Name is null ? "" : $" {Name}")}{(Namespace is null ? "" : $" in namespace {Namespace}")}, so {Without}";

    public bool Equals(Right? other) =>
        other is not null && (Group, Resource, Namespace, Name) == (other.Group, other.Resource, other.Namespace, other.Name)
        && Verbs.SequenceEqual(other.Verbs);

    public override int GetHashCode() => HashCode.Combine(Group, Resource, Namespace, Name, Verbs.Length);
}
