using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using SmmAgent.Contract;

namespace SmmDashboard.Mesh;

/// <summary>One WorkloadGroup as it is served: serialised once, however many agents ask.</summary>
public sealed class ServedGroup
{
    private readonly byte[][] _tokenSha256s;

    public ServedGroup(MeshConfig config, IEnumerable<byte[]> tokenSha256s)
    {
        Config = config;
        Id = new GroupName(config.WorkloadGroup.Namespace, config.WorkloadGroup.Name);
        Body = JsonSerializer.SerializeToUtf8Bytes(config, ContractJson.Default.MeshConfig);
        ETag = $"\"{Base64Url.EncodeToString(SHA256.HashData(Body.Span).AsSpan(0, 18))}\"";
        _tokenSha256s = [.. tokenSha256s];
    }

    public GroupName Id { get; }

    public MeshConfig Config { get; }

    /// <summary>The exact bytes of the answer.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>A strong entity tag: a hash of <see cref="Body"/>.</summary>
    public string ETag { get; }

    /// <summary>Compares with every token, in a time that does not tell which one was nearly right.</summary>
    public bool Accepts(ReadOnlySpan<byte> tokenSha256)
    {
        var found = false;
        foreach (var candidate in _tokenSha256s)
            found |= CryptographicOperations.FixedTimeEquals(candidate, tokenSha256);
        return found;
    }
}
