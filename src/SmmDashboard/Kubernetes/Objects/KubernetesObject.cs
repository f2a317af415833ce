namespace SmmDashboard.Kubernetes.Objects;

/// <summary>An object of the Kubernetes API, reduced to the members that are read. Unknown members are ignored.</summary>
public abstract record KubernetesObject
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
}

/// <summary>The metadata that is read of every object.</summary>
public sealed record ObjectMeta
{
    // kubectl's copy of the whole object: up to 256 KiB that nothing here reads.
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Empty for an object of the whole cluster.</summary>
    public string Namespace { get; init => field = value ?? ""; } = "";

    public string Uid { get; init => field = value ?? ""; } = "";

    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>Opaque: compared for equality only.</summary>
    public string ResourceVersion { get; init => field = value ?? ""; } = "";

    public IReadOnlyDictionary<string, string> Labels { get; init => field = Tolerant.Map(value); } = Tolerant.Empty;

    public IReadOnlyDictionary<string, string> Annotations
    {
        get;
        init => field = value?.ContainsKey(LastApplied) is true
            ? Tolerant.Map(value.Where(pair => pair.Key != LastApplied).ToDictionary())
            : Tolerant.Map(value);
    } = Tolerant.Empty;

    /// <summary>The label's value; empty when the object does not have it.</summary>
    public string Label(string name) => Labels.GetValueOrDefault(name) ?? "";

    /// <summary>The annotation's value; empty when the object does not have it.</summary>
    public string Annotation(string name) => Annotations.GetValueOrDefault(name) ?? "";
}

/// <summary>A condition of an object's status.</summary>
public sealed record ObjectCondition
{
    public string Type { get; init => field = value ?? ""; } = "";

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public string Status { get; init => field = value ?? ""; } = "";

    public string Message { get; init => field = value ?? ""; } = "";
}
