using System.Security.Cryptography;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Groups;

namespace SmmDashboard.Tests.Embedded.Mesh;

/// <summary>The index of tokens, compared with a search of all tokens.</summary>
public sealed class TokenIndexTests
{
    [Fact]
    public void IndexEqualsSearchOfAllTokens()
    {
        var random = new Random(20_261);
        for (var round = 0; round < 200; round++)
        {
            var tokens = Enumerable.Range(0, random.Next(1, 30)).Select(number => SHA256.HashData(BitConverter.GetBytes(number))).ToArray();
            var groups = Enumerable.Range(0, random.Next(0, 20)).ToDictionary(
                number => new GroupId($"space-{number % 3}", $"group-{number}"),
                _ => (IReadOnlyList<byte[]>)[.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => tokens[random.Next(tokens.Length)])]);
            var index = new TokenIndex(groups);

            // A copy of each hash, and a hash that differs in one bit only.
            foreach (var token in tokens.SelectMany(token => (byte[][])[[.. token], Flipped(token, random.Next(256))]))
            {
                var expected = groups.Where(group => group.Value.Any(other => other.AsSpan().SequenceEqual(token)))
                    .Select(group => group.Key).ToHashSet();
                var found = index.Find(token);
                if (expected.Count == 0)
                {
                    Assert.Null(found);
                    continue;
                }

                Assert.Equal(expected, found!.Opens.ToHashSet());
                Assert.Equal(expected.Select(group => group.Namespace).ToHashSet(), found.Namespaces.ToHashSet());
            }
        }
    }

    private static byte[] Flipped(byte[] token, int bit)
    {
        byte[] other = [.. token];
        other[bit / 8] ^= (byte)(1 << (bit % 8));
        return other;
    }
}
