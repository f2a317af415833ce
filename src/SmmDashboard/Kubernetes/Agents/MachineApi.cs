using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;
using KubernetesJson = SmmDashboard.Kubernetes.Objects.KubernetesJson;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>Calls of the API for AttachedMachines.</summary>
internal sealed class MachineApi(KubernetesApi api)
{
    public const string Group = "smm-agent.io";
    public const string Version = "v1alpha1";
    public const string Plural = "attachedmachines";

    /// <summary>Has the name of the WorkloadGroup.</summary>
    public const string GroupLabel = "smm-agent.io/workload-group";

    private const int LongestLabel = 63;
    private const string FieldManager = "smm-dashboard";

    public static readonly ApiResource Resource = new(Group, Plural, [Version]);

    /// <summary>Creates the object: of several concurrent calls one succeeds.</summary>
    /// <exception cref="ApiException">Conflict when the object exists.</exception>
    public Task<AttachedMachine> CreateAsync(ObjectKey key, MachineSpec spec, GroupOwner owner, CancellationToken cancellationToken)
    {
        var machine = new NewMachine(
            $"{Group}/{Version}",
            nameof(AttachedMachine),
            new(key.Name, key.Namespace, Labels(spec.WorkloadGroup),
                [new(owner.ApiVersion, "WorkloadGroup", spec.WorkloadGroup, owner.Uid)]),
            spec);
        var body = JsonSerializer.SerializeToElement(machine, MachineJson.Default.NewMachine);
        return CallAsync(
            $"create {Resource.Kind} in namespace {key.Namespace}",
            (client, stop) => client.CustomObjects.CreateNamespacedCustomObjectAsync(
                body, Group, Version, key.Namespace, Plural, fieldManager: FieldManager, cancellationToken: stop),
            document => AttachedMachine.From(document),
            cancellationToken);
    }

    /// <exception cref="ApiException">NotFound when there is none.</exception>
    public Task<MachineDocument> GetAsync(ObjectKey key, CancellationToken cancellationToken) => CallAsync(
        $"get {Resource.Kind} in namespace {key.Namespace}",
        (client, stop) => client.CustomObjects.GetNamespacedCustomObjectAsync(Group, Version, key.Namespace, Plural, key.Name, stop),
        document => document,
        cancellationToken);

    /// <summary>Merges into the status.</summary>
    /// <param name="key">The object.</param>
    /// <param name="resourceVersion">The known version of the object; null to write regardless of the version.</param>
    /// <param name="status">The members to write, as JSON.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ApiException">Conflict when the object has changed since.</exception>
    public Task<AttachedMachine> WriteStatusAsync(
        ObjectKey key, string? resourceVersion, ReadOnlyMemory<byte> status, CancellationToken cancellationToken)
    {
        var patch = new V1Patch(Patch(resourceVersion, status.Span), V1Patch.PatchType.MergePatch);
        return CallAsync(
            $"patch {Plural}/status.{Group} in namespace {key.Namespace}",
            (client, stop) => client.CustomObjects.PatchNamespacedCustomObjectStatusAsync(
                patch, Group, Version, key.Namespace, Plural, key.Name, fieldManager: FieldManager, cancellationToken: stop),
            document => AttachedMachine.From(document),
            cancellationToken);
    }

    /// <exception cref="ApiException">Conflict when the object has changed since, NotFound when it is gone.</exception>
    public Task DeleteAsync(ObjectKey key, string resourceVersion, CancellationToken cancellationToken) => api.CallAsync(
        $"delete {Resource.Kind} in namespace {key.Namespace}",
        (client, stop) => client.CustomObjects.DeleteNamespacedCustomObjectAsync(
            Group, Version, key.Namespace, Plural, key.Name,
            new V1DeleteOptions { Preconditions = new V1Preconditions { ResourceVersion = resourceVersion } }, cancellationToken: stop),
        cancellationToken);

    private Task<T> CallAsync<T>(
        string call, Func<IKubernetes, CancellationToken, Task<object>> send, Func<MachineDocument, T> read,
        CancellationToken cancellationToken) =>
        api.CallAsync(
            call,
            async (client, stop) => await send(client, stop) is JsonElement answer
            && answer.Deserialize(KubernetesJson.Default.MachineDocument) is { } document
                ? read(document)
                : throw new JsonException("it is not an object"),
            cancellationToken);

    // A label is shorter than the longest name of a group; the spec has the whole name.
    private static Dictionary<string, string>? Labels(string group) =>
        group.Length <= LongestLabel ? new() { [GroupLabel] = group } : null;

    private static string Patch(string? resourceVersion, ReadOnlySpan<byte> status)
    {
        var buffer = new ArrayBufferWriter<byte>(status.Length + 128);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            if (resourceVersion is not null)
            {
                writer.WriteStartObject("metadata");
                writer.WriteString("resourceVersion", resourceVersion);
                writer.WriteEndObject();
            }

            writer.WritePropertyName("status");
            writer.WriteRawValue(status);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}

/// <summary>The object of a WorkloadGroup that owns the machine: with it the machine is removed.</summary>
internal sealed record GroupOwner(string ApiVersion, string Uid);

internal sealed record NewMachine(string ApiVersion, string Kind, NewMetadata Metadata, MachineSpec Spec);

internal sealed record NewMetadata(
    string Name, string Namespace, IReadOnlyDictionary<string, string>? Labels, IReadOnlyList<NewOwner> OwnerReferences);

internal sealed record NewOwner(string ApiVersion, string Kind, string Name, string Uid);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(NewMachine))]
[JsonSerializable(typeof(MachineStatus))]
[JsonSerializable(typeof(InstancesPatch))]
[JsonSerializable(typeof(ConditionsPatch))]
internal sealed partial class MachineJson : JsonSerializerContext;

/// <summary>A status of which only the instances are written.</summary>
internal sealed record InstancesPatch(IReadOnlyList<MachineInstance> Instances);

/// <summary>A status of which only the conditions are written.</summary>
internal sealed record ConditionsPatch(IReadOnlyList<MachineCondition> Conditions);
