namespace SmmDashboard.Kubernetes.Objects;

/// <summary>One page of a list.</summary>
public sealed record ObjectList<T>
    where T : KubernetesObject
{
    public ListMeta Metadata { get; init => field = value ?? new(); } = new();

    public IReadOnlyList<T> Items { get; init => field = Tolerant.List(value); } = [];
}

public sealed record ListMeta
{
    public string ResourceVersion { get; init => field = value ?? ""; } = "";

    /// <summary>Empty on the last page.</summary>
    public string Continue { get; init => field = value ?? ""; } = "";
}
