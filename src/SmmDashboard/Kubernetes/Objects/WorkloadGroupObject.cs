using System.Text.Json;
using SmmAgent.Contract;

namespace SmmDashboard.Kubernetes.Objects;

/// <summary>Istio's WorkloadGroup (networking.istio.io, v1alpha3 to v1).</summary>
public sealed record WorkloadGroupObject : KubernetesObject
{
    /// <summary>The version that the API server serves it in, for example <c>networking.istio.io/v1</c>.</summary>
    public string ApiVersion { get; init => field = value ?? ""; } = "";

    public WorkloadGroupSpec Spec { get; init => field = value ?? new(); } = new();
}

public sealed record WorkloadGroupSpec
{
    public WorkloadGroupMetadata Metadata { get; init => field = value ?? new(); } = new();

    public WorkloadTemplate Template { get; init => field = value ?? new(); } = new();

    /// <summary>The readiness probe, whole.</summary>
    /// <exception cref="JsonException">It has a string that cannot be read: then the object cannot be read.</exception>
    public JsonElement? Probe
    {
        get; init =>
        field = value is not { } probe
        || UnicodeText.IsAllOf(probe) ? value : throw new JsonException("spec.probe has a string that is not Unicode text");
    }
}

public sealed record WorkloadGroupMetadata
{
    public IReadOnlyDictionary<string, string> Labels { get; init => field = Tolerant.Map(value); } = Tolerant.Empty;

    public IReadOnlyDictionary<string, string> Annotations { get; init => field = Tolerant.Map(value); } = Tolerant.Empty;
}

public sealed record WorkloadTemplate
{
    private static readonly Dictionary<string, long> NoPorts = [];

    public IReadOnlyDictionary<string, string> Labels { get; init => field = Tolerant.Map(value); } = Tolerant.Empty;

    /// <summary>Empty means <c>default</c>.</summary>
    public string ServiceAccount { get; init => field = value ?? ""; } = "";

    public string Network { get; init => field = value ?? ""; } = "";

    /// <summary>Older CRDs accept numbers that are not ports.</summary>
    public IReadOnlyDictionary<string, long> Ports { get; init => field = value ?? NoPorts; } = NoPorts;
}
