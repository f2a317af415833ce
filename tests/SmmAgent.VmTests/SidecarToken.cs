using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>Tokens for the sidecar as the dashboard makes them, with claims that a test chooses.</summary>
internal static class SidecarToken
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);

    public const string Account = "vm-integration:default";

    /// <summary>Signed with the dashboard's own key.</summary>
    /// <param name="account">Namespace and name of the service account, with a colon between them.</param>
    public static string Create(MeshTestbed testbed, DateTimeOffset expiry, string account = Account, string audience = "istio-ca")
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(Path.Combine(testbed.Folder, "dashboard", "signing-key.pem")));
        return Signed(key, expiry, account, audience);
    }

    /// <summary>
    /// Signed with a key that the dashboard does not know: like a token of a deleted account, it is refused although it has not expired.
    /// </summary>
    public static string CreateUntrusted(DateTimeOffset expiry)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Signed(key, expiry, Account, "istio-ca");
    }

    private static string Signed(ECDsa key, DateTimeOffset expiry, string account, string audience)
    {
        var (from, to) = ((expiry - Life).ToUnixTimeSeconds(), expiry.ToUnixTimeSeconds());
        var claims =
            $$"""{"iss":"smm-dashboard","sub":"system:serviceaccount:{{account}}","aud":["{{audience}}"],"iat":{{from}},"nbf":{{from}},"exp":{{to}}}""";
        var signed = $"{Encoded("""{"alg":"ES256","typ":"JWT"}""")}.{Encoded(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    private static string Encoded(string text) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(text));
}
