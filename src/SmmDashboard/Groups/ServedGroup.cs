using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using SmmAgent.Contract;

namespace SmmDashboard.Groups;

/// <summary>One WorkloadGroup as it is served. It is serialised once for all agents.</summary>
public sealed class ServedGroup
{
    public ServedGroup(MeshConfig config)
    {
        Config = config;
        Id = new GroupId(config.WorkloadGroup.Namespace, config.WorkloadGroup.Name);
        Body = JsonSerializer.SerializeToUtf8Bytes(config, ContractJson.Default.MeshConfig);
        ETag = $"\"{Base64Url.EncodeToString(SHA256.HashData(Body.Span).AsSpan(0, 18))}\"";
    }

    public GroupId Id { get; }

    public MeshConfig Config { get; }

    /// <summary>The bytes of the response.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>A strong entity tag: a hash of <see cref="Body"/>.</summary>
    public string ETag { get; }
}
