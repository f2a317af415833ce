using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using SmmDashboard.Access;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>The WorkloadGroups that each token opens, by the SHA-256 of the token.</summary>
/// <remarks>
/// The time of a look-up depends neither on the number of tokens nor on how much of a known hash matches: entries are found by a code that
/// has a random seed in each process, and complete hashes are compared in constant time.
/// </remarks>
public sealed class TokenIndex
{
    private readonly Dictionary<byte[], TokenValidation.Accepted> _tokens = new(FixedTimeComparer.Instance);

    public TokenIndex(IReadOnlyDictionary<GroupId, IReadOnlyList<byte[]>> tokenSha256s)
    {
        var opens = new Dictionary<byte[], HashSet<GroupId>>(FixedTimeComparer.Instance);
        foreach (var (group, sha256s) in tokenSha256s)
        {
            foreach (var sha256 in sha256s)
            {
                if (!opens.TryGetValue(sha256, out var groups))
                    opens[sha256] = groups = [];
                groups.Add(group);
            }
        }

        foreach (var (sha256, groups) in opens)
            _tokens[sha256] = new TokenValidation.Accepted(groups, groups.Select(group => group.Namespace).ToHashSet());
    }

    /// <summary>Finds the groups that a token opens; null for an unknown token.</summary>
    public TokenValidation.Accepted? Find(byte[] sha256) => _tokens.GetValueOrDefault(sha256);

    private sealed class FixedTimeComparer : IEqualityComparer<byte[]>
    {
        public static readonly FixedTimeComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => CryptographicOperations.FixedTimeEquals(x, y);

        // HashCode has a random seed in each process.
        public int GetHashCode([DisallowNull] byte[] obj)
        {
            var code = new HashCode();
            code.AddBytes(obj);
            return code.ToHashCode();
        }
    }
}
