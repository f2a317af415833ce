namespace SmmDashboard.Kubernetes.Objects;

/// <summary>Istio's WorkloadEntry: istiod creates one for each VM that registers.</summary>
public sealed record WorkloadEntry : KubernetesObject
{
    public WorkloadEntrySpec Spec { get; init => field = value ?? new(); } = new();

    public WorkloadEntryStatus Status { get; init => field = value ?? new(); } = new();
}

public sealed record WorkloadEntrySpec
{
    public string Address { get; init => field = value ?? ""; } = "";

    public string Network { get; init => field = value ?? ""; } = "";

    public string ServiceAccount { get; init => field = value ?? ""; } = "";
}

public sealed record WorkloadEntryStatus
{
    public IReadOnlyList<ObjectCondition> Conditions { get; init => field = Tolerant.List(value); } = [];
}
