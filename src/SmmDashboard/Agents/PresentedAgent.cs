using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Http;

namespace SmmDashboard.Agents;

/// <summary>The identity that an agent presents: its uuid, and the SHA-256 of its key.</summary>
public sealed record PresentedAgent(Guid Uuid, byte[] KeySha256)
{
    public const string Pattern = $"{GroupAccess.GroupPattern}/agents/{{uuid}}";

    private const int KeyLength = 32;

    public static bool TryRead(
        HttpContext context, [NotNullWhen(true)] out PresentedAgent? identity, [NotNullWhen(false)] out ApiProblem? problem)
    {
        (identity, problem) = (null, null);
        if (!Guid.TryParseExact(context.GetRouteValue("uuid") as string, "D", out var uuid))
        {
            problem = ApiProblem.BodyInvalid("the agent's id in the path is not a uuid (8-4-4-4-12 hex digits)");
            return false;
        }

        var headers = context.Request.Headers[DashboardApi.AgentKeyHeader];
        Span<byte> key = stackalloc byte[KeyLength];
        if (headers.Count != 1 || headers[0]!.Length is < 43 or > 44
            || !Base64Url.IsValid(headers[0]!, out var length) || length != KeyLength
            || !Base64Url.TryDecodeFromChars(headers[0]!, key, out _))
        {
            problem = ApiProblem.BodyInvalid($"the header {DashboardApi.AgentKeyHeader} is not {KeyLength} bytes in base64url");
            return false;
        }

        identity = new PresentedAgent(uuid, SHA256.HashData(key));
        return true;
    }

    // The hash of the key is not very sensitive, but no log needs it.
    public override string ToString() => Uuid.ToString();
}
