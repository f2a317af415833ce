using System.Buffers.Text;
using System.Text;

namespace SmmAgent.Testing;

/// <summary>Tokens of a service account as the agent sees them: no test verifies the signature.</summary>
public static class TestToken
{
    public static string Create(DateTimeOffset issued, DateTimeOffset expires, string account = "default", string note = "") =>
        "eyJhbGciOiJSUzI1NiJ9."
        + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
            $$"""{"sub":"system:serviceaccount:{{Sample.Namespace}}:{{account}}","iat":{{issued.ToUnixTimeSeconds()}},"exp":{{expires.ToUnixTimeSeconds()}},"note":"{{note}}"}"""))
        + ".c2lnbmF0dXJl";
}
