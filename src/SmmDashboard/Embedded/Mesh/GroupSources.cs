using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using SmmDashboard.Groups;
using SmmDashboard.Mesh;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>A WorkloadGroup of the mesh description, with the SHA-256 of the tokens that open it.</summary>
public sealed record DescribedGroup(ServedGroup Served, IReadOnlyList<byte[]> TokenSha256s);

/// <summary>
/// The groups of a mesh description by a digest of the JSON that each was read from, so that an edit of one group neither validates nor
/// serialises the others again. Comments and the format of the YAML make no difference.
/// </summary>
public sealed class GroupSources
{
    private readonly string _mesh;
    private readonly Dictionary<string, DescribedGroup> _groups = new(StringComparer.Ordinal);

    private GroupSources(string mesh) => _mesh = mesh;

    /// <summary>No groups, of no mesh.</summary>
    public static GroupSources None { get; } = new("");

    /// <summary>Starts with the members that all groups share.</summary>
    public static GroupSources From(JsonElement root) =>
        new(string.Join(' ', GroupDocument.MeshMembers.Select(member => root.TryGetProperty(member, out var value) ? Digest(value) : "-")));

    public static string Digest(JsonElement element) =>
        Convert.ToHexString(SHA256.HashData(JsonMarshal.GetRawUtf8Value(element)));

    public bool IsSameMesh(GroupSources other) => _mesh == other._mesh;

    public DescribedGroup? Find(string digest) => _groups.GetValueOrDefault(digest);

    internal void Add(string digest, DescribedGroup group) => _groups[digest] = group;
}
