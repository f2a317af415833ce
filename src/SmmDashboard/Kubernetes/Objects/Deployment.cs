namespace SmmDashboard.Kubernetes.Objects;

/// <summary>istiod's Deployment.</summary>
public sealed record Deployment : KubernetesObject
{
    public DeploymentSpec Spec { get; init => field = value ?? new(); } = new();

    public DeploymentStatus Status { get; init => field = value ?? new(); } = new();
}

public sealed record DeploymentSpec
{
    public PodTemplate Template { get; init => field = value ?? new(); } = new();
}

public sealed record PodTemplate
{
    public PodSpec Spec { get; init => field = value ?? new(); } = new();
}

public sealed record PodSpec
{
    public IReadOnlyList<Container> Containers { get; init => field = Tolerant.List(value); } = [];
}

public sealed record Container
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string Image { get; init => field = value ?? ""; } = "";

    public IReadOnlyList<EnvironmentVariable> Env { get; init => field = Tolerant.List(value); } = [];
}

/// <summary>A variable with a literal value; one that comes from elsewhere has none here.</summary>
public sealed record EnvironmentVariable
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string? Value { get; init; }
}

public sealed record DeploymentStatus
{
    public IReadOnlyList<ObjectCondition> Conditions { get; init => field = Tolerant.List(value); } = [];
}
