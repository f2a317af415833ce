using System.Buffers.Text;
using System.Text;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>
/// A token as <c>kubectl create token</c> makes them. The dashboard of the testbed knows tokens by their hash, so the signature is not
/// needed.
/// </summary>
internal static class ServiceAccountToken
{
    /// <param name="from">When it becomes valid, counted from now.</param>
    /// <param name="to">When it expires, counted from now.</param>
    public static string Of(string @namespace, string account, TimeSpan from, TimeSpan to)
    {
        var now = DateTimeOffset.UtcNow;
        return Part("""{"alg":"RS256"}""") + "." + Part(
            $$"""
            {"sub":"system:serviceaccount:{{@namespace}}:{{account}}","nbf":{{(now + from).ToUnixTimeSeconds()}},"exp":{{(now + to).ToUnixTimeSeconds()}}}
            """) + "." + Part("signature");
    }

    private static string Part(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
