using System.Text;
using SmmAgent.Contract.Signing;
using SmmAgent.Fuzz.Engine;

namespace SmmAgent.Fuzz.Targets;

/// <summary>Package lists and the keys that sign them.</summary>
internal static class SigningTargets
{
    private const string List = """
        {"format":1,"expires":"2030-01-01T00:00:00Z","minimumVersions":{"smm-agent":"0.1.0"},"packages":[{"name":"istio-sidecar","version":"1.15.3-1","format":"deb","architecture":"amd64","size":12345,"sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]}
        """;

    // Of RFC 8410; nothing is signed by it.
    private const string Key = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
    private const string SigningKey =
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.FromBytes("package-list", bytes => PlainReason(PackageList.Read(bytes).Reason),
            List) with { Words = ["\"packages\":", "\"expires\":", "\"minimumVersions\":", "\"sha256\":"] },
        FuzzTarget.FromBytes(
            "signed-list", Open,
            $$"""{"payloadType":"{{SignedPackageList.Type}}","payload":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(List))}}","signatures":[{"keyid":"0011223344556677","sig":"{{Convert.ToBase64String(new byte[64])}}"}]}""") with
            { Words = ["\"payload\":", "\"signatures\":", "\"sig\":", "\"keyid\":"] },
        FuzzTarget.FromText("package-key", Keys, Key, SigningKey) with { MaximumBytes = 2048,
            Words = ["-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "=", "+", "/"] },
    ];

    private static readonly PackageKey[] Trusted = PackageKey.TryParse(Key, out var key, out _) ? [key] : [];

    private static void Open(byte[] file)
    {
        var opening = SignedPackageList.Open(file, Trusted);
        PropertyException.Unless(opening is ListOpening.Refused, "a list that the key has not signed is refused");
        PlainReason(((ListOpening.Refused)opening).Message);
    }

    private static void Keys(string text)
    {
        if (PackageKey.TryParse(text, out var read, out var why))
            PropertyException.Unless(read.Text == text, "a key is written as it was read");
        PlainReason(why);
        _ = PackageSigningKey.TryParse(text, out _, out why);
        PlainReason(why);
    }

    private static void PlainReason(string? why) => PropertyException.Unless(why?.Any(char.IsControl) is not true, "a reason is one line");
}
