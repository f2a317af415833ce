using System.Buffers;
using System.Text.Json;
using SmmAgent.Contract;

namespace SmmDashboard.Mesh;

/// <summary>Composes the contract's document for one group from the mesh description.</summary>
/// <remarks>The members of a group are below <c>workloadGroup</c>. A flat form, beside tokenSha256s, is also accepted.</remarks>
public static class GroupDocument
{
    private const string WorkloadGroup = "workloadGroup";

    /// <summary>The members that all groups share.</summary>
    public static IReadOnlyList<string> MeshMembers { get; } = ["mesh", "meshExpansionGateways"];

    private static readonly string[] GroupMembers = ["directEndpoints", "clusterSources", "packages"];

    private static readonly JsonElement AnyGroup = JsonDocument.Parse(
        """{"workloadGroup":{"namespace":"any","name":"any","serviceAccount":"any","network":"","ports":{}}}""").RootElement;

    /// <summary>Reads the faults of the members that all groups share. They are reported once, even without any group.</summary>
    public static IEnumerable<InputError> MeshFaults(JsonElement root) => Read(root, AnyGroup).Errors.Where(IsMeshFault);

    public static bool IsMeshFault(InputError fault) =>
        MeshMembers.Any(member => fault.Path == member || fault.Path.StartsWith(member + ".", StringComparison.Ordinal)
            || fault.Path.StartsWith(member + "[", StringComparison.Ordinal));

    public static ReadResult<MeshConfig> Read(JsonElement root, JsonElement group)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("apiVersion", MeshConfig.CurrentApiVersion);
            Copy(root, MeshMembers, writer);
            writer.WritePropertyName(WorkloadGroup);
            (IsFlat(group) ? group : group.GetProperty(WorkloadGroup)).WriteTo(writer);
            Copy(group, GroupMembers, writer);
            writer.WriteEndObject();
        }

        return MeshConfigReader.Read(buffer.WrittenMemory);
    }

    /// <summary>Converts the path of a fault in the composed document to the path in the group as it was written.</summary>
    public static string PathInGroup(string path, JsonElement group) =>
        IsFlat(group) && path.StartsWith(WorkloadGroup + ".", StringComparison.Ordinal) ? path[(WorkloadGroup.Length + 1)..] : path;

    private static bool IsFlat(JsonElement group) => !group.TryGetProperty(WorkloadGroup, out _);

    private static void Copy(JsonElement from, IReadOnlyList<string> members, Utf8JsonWriter writer)
    {
        foreach (var member in members)
        {
            if (!from.TryGetProperty(member, out var value))
                continue;

            writer.WritePropertyName(member);
            value.WriteTo(writer);
        }
    }
}
