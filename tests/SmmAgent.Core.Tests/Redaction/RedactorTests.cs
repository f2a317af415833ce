using System.Text;
using CsCheck;
using SmmAgent.Core.Redaction;

namespace SmmAgent.Core.Tests.Redaction;

public sealed class RedactorTests
{
    private const string Token = "s3cr3t.Tok-en/of+the=VM~0123456789abcdef";

    [Theory]
    [InlineData($"before {Token} after", "before [redacted] after")]
    [InlineData($"x{Token}y", "x[redacted]y")]
    [InlineData("a piece: cr3t.Tok-en/of+the, no more", "a piece: [redacted], no more")]
    [InlineData("# s3cr3t.Tok-en/of+\n# the=VM~0123456789abcdef\n", "# [redacted]\n# [redacted]\n")]
    [InlineData("nothing of it", "nothing of it")]
    public void KnownSecretIsFoundWholeAndInPieces(string text, string redacted) => Assert.Equal(redacted, Redact(text));

    [Theory]
    [InlineData("")]
    [InlineData("u")]
    [InlineData("us")]
    [InlineData("user:")]
    public void KnownSecretIsFoundInBase64AfterAnyPrefix(string before)
    {
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(before + Token + " and more"));
        var whole = Convert.ToBase64String(Encoding.UTF8.GetBytes(Token))[4..^8];

        foreach (var text in (string[])[base64, base64.Replace('+', '-').Replace('/', '_')])
        {
            var redacted = Redact($"data: {text}");

            Assert.Contains(Redactor.Replacement, redacted, StringComparison.Ordinal);
            Assert.True(redacted.Length < text.Length, redacted);
            Assert.DoesNotContain(whole, redacted, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("?t=s3cr3t.Tok-en%2Fof%2Bthe%3DVM~0123456789abcdef&", "?t=[redacted]&")]
    [InlineData("\"s3cr3t.Tok-en/of\\u002Bthe=VM~0123456789abcdef\"", "\"[redacted]\"")]
    [InlineData("\"s3cr3t.Tok-en\\/of+the=VM~0123456789abcdef\"", "\"[redacted]\"")]
    [InlineData("s3cr3t.Tok-en_of-the=VM~0123456789abcdef", "[redacted]")]
    public void KnownSecretIsFoundInOtherEncodings(string text, string redacted) => Assert.Equal(redacted, Redact(text));

    [Theory]
    [InlineData("token")]
    [InlineData("token=")]
    [InlineData("authorization:")]
    [InlineData("eyJ")]
    [InlineData("xeyJ")]
    [InlineData("bearer ")]
    [InlineData("LS0tLS1CRUdJTi")]
    [InlineData("://a@")]
    [InlineData("PRIVATE KEY-----")]
    [InlineData("-----BEGIN ")]
    [InlineData("token: |")]
    [InlineData("token: [")]
    [InlineData("auth: ")]
    [InlineData("key=\"")]
    [InlineData("--password ")]
    [InlineData("token: |\n ")]
    [InlineData("a:b/@://")]
    [InlineData("basic dXNlcjpwdw")]
    [InlineData("AKIA")]
    [InlineData("ghp_")]
    [InlineData("0Q~")]
    public async Task HostileTextOfTheLargestSizeIsRedactedQuickly(string word)
    {
        var text = string.Concat(Enumerable.Repeat(word, 4 * 1024 * 1024 / word.Length));

        // Seconds at most; each step for each character would take hours.
        await Task.Run(() => Redact(text)).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void ShortSecretIsFoundWhole() =>
        Assert.Equal("pin [redacted], 4321", new Redactor(new KnownSecrets(["1234"])).Redact("pin 1234, 4321"));

    [Theory]
    [InlineData("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl.", "got [redacted]")]
    [InlineData("cut off: eyJhbGciOiJSUzI1NiIs", "cut off: [redacted]")]
    [InlineData("in base64: ZXlKaGJHY2lPaUpTVXpJMU5pSjk=", "in base64: [redacted]")]
    [InlineData("Authorization: Basic dXNlcjpwdw==\nHost: a", "Authorization: [redacted]\nHost: a")]
    [InlineData("{\"authorization\": \"Bearer x\", \"a\": 1}", "{\"authorization\": \"[redacted]\", \"a\": 1}")]
    [InlineData("curl -H 'Proxy-Authorization: abc' b", "curl -H 'Proxy-Authorization: [redacted]' b")]
    [InlineData("sent Bearer abcdefgh01234567 to it", "sent Bearer [redacted] to it")]
    [InlineData("the bearer token is set", "the bearer token is set")]
    [InlineData("https://user:p@ss@proxy:3128/x@y", "https://[redacted]@proxy:3128/x@y")]
    [InlineData("https://smm.example.com/a@b", "https://smm.example.com/a@b")]
    [InlineData("SMM_TOKEN=abcdefgh", "SMM_TOKEN=[redacted]")]
    [InlineData("# password: hunter22", "# password: [redacted]")]
    [InlineData("\"agentKey\":\"abcdefgh\"", "\"agentKey\":\"[redacted]\"")]
    [InlineData("Environment=\"DB_PASS=correct horse battery\" A=b", "Environment=\"DB_PASS=[redacted]\" A=b")]
    [InlineData("SECRET='correct horse' next", "SECRET='[redacted]' next")]
    [InlineData("{\"secret\": null, \"a\": 1}", "{\"secret\": null, \"a\": 1}")]
    [InlineData("a\\neyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "a\\n[redacted]")]
    [InlineData("?x%3DeyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "?x%3D[redacted]")]
    [InlineData("an anonkeyJungle.txt", "an anonkeyJungle.txt")]
    [InlineData("client-key: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUU=", "client-key: [redacted]")]
    [InlineData("ca: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUNNSUlDTUlJQ01JSUNNSUlDTUlJQw==",
        "ca: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUNNSUlDTUlJQ01JSUNNSUlDTUlJQw==")]
    [InlineData("token: /etc/smm/bearer-token", "token: /etc/smm/bearer-token")]
    public void TextThatLooksLikeASecretIsRedacted(string text, string redacted) => Assert.Equal(redacted, Redact(text));

    // The values are made up, and put together here so that no scanner of repositories takes them for real ones.
    public static TheoryData<string, string> CloudSecrets => new()
    {
        { "got AKIA" + "IOSFODNN7EXAMPLE here", "got [redacted] here" },
        { "ASIA" + "IOSFODNN7EXAMPLE", "[redacted]" },
        { "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY x", "AWS_SECRET_ACCESS_KEY=[redacted] x" },
        { "aws_session_token = FwoGZXIvYXdzEBYaD/+=", "aws_session_token = [redacted]" },
        { "https://b.s3.amazonaws.com/f.deb?X-Amz-Credential=AK%2F2026%2Fs3&X-Amz-Signature=0123456789abcdef",
            "https://b.s3.amazonaws.com/f.deb?X-Amz-Credential=[redacted]" },
        { "https://c.cloudfront.net/f?Expires=1&Signature=abc~-_&Key-Pair-Id=K2",
            "https://c.cloudfront.net/f?Expires=1&Signature=[redacted]" },
        { "https://storage.googleapis.com/b/o?GoogleAccessId=a&X-Goog-Signature=00ff",
            "https://storage.googleapis.com/b/o?GoogleAccessId=a&X-Goog-Signature=[redacted]" },
        { "https://maps.example/ip?key=AIza" + "SyA0123456789abcdefghijklmnopqrstuv", "https://maps.example/ip?key=[redacted]" },
        { "AIza" + "SyA0123456789abcdefghijklmnopqrstuv", "[redacted]" },
        { "ya29." + "a0AfH6SMBx0123456789", "[redacted]" },
        { "GOCSPX-" + "abcdefghijklmnop", "[redacted]" },
        { "https://a.blob.core.windows.net/c/f?sv=2024-01-01&sig=aB%2BcD%3D",
            "https://a.blob.core.windows.net/c/f?sv=2024-01-01&sig=[redacted]" },
        { "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abc+/def==;EndpointSuffix=core",
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=[redacted]" },
        { "Endpoint=sb://x/;SharedAccessKeyName=r;SharedAccessKey=abc/def=", "Endpoint=sb://x/;SharedAccessKeyName=[redacted]" },
        { "AZURE_CLIENT=abc8Q~" + "0123456789abcdefghijklmnopqrstuvwx.", "AZURE_CLIENT=[redacted]" },
        { "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345", "[redacted]" },
        { "glpat-" + "0123456789abcdefghij", "[redacted]" },
        { "xoxb-" + "1234567890-abc", "[redacted]" },
        { "hvs." + "CAESIJ0123456789", "[redacted]" },
        { "sk_live_" + "0123456789abc", "[redacted]" },
        { "root:$6$salt$hashedhashed:19000", "root:[redacted]:19000" },
        { "user:$2y$10$abcdefghijklmnopqrstuv", "user:[redacted]" },
    };

    [Theory]
    [MemberData(nameof(CloudSecrets))]
    public void KeysAndSignaturesOfCloudsAreRedacted(string text, string redacted) => Assert.Equal(redacted, Redact(text));

    [Theory]
    [InlineData("addressProviders: [\"https://user:pw@ip.example/ip\"]", "addressProviders: [\"https://[redacted]@ip.example/ip\"]")]
    [InlineData("- https://ip.example/ip?apikey=abc", "- https://ip.example/ip?apikey=[redacted]")]
    [InlineData("- https://ip.example/v1/aB3dE5fG7hI9jK1lM3nO/ip", "- https://ip.example/v1/[redacted]/ip")]
    [InlineData("- https://ip.example/?q=aB3dE5fG7hI9jK1lM3nO", "- https://ip.example/?q=[redacted]")]
    [InlineData("- https://ip.example/ip?me=abc12345&format=json", "- https://ip.example/ip?me=[redacted]&format=json")]
    [InlineData("https://user:pa/ss@ip.example/ip", "https://[redacted]@ip.example/ip")]
    [InlineData("https://a.example,https://u:p@b.example", "https://a.example,https://[redacted]@b.example")]
    [InlineData("https://smm.example.com/v1/agents/0327b100-a008-4364-a2b3-7d1777bb5b9a",
        "https://smm.example.com/v1/agents/0327b100-a008-4364-a2b3-7d1777bb5b9a")]
    [InlineData("https://smm.example.com:8443/packages/istio-sidecar_1.15.3-1_amd64.deb",
        "https://smm.example.com:8443/packages/istio-sidecar_1.15.3-1_amd64.deb")]
    [InlineData("http://[2001:db8::1]:8443/a@b", "http://[2001:db8::1]:8443/a@b")]
    public void CredentialsInUrlsAreRedacted(string text, string redacted) => Assert.Equal(redacted, Redact(text));

    [Theory]
    [InlineData("MYKEY=abc", "MYKEY=[redacted]")]
    [InlineData("DB_PW=a", "DB_PW=[redacted]")]
    [InlineData("DB_PW=/abc+def==", "DB_PW=[redacted]")]
    [InlineData("DB_PW=a,b;c", "DB_PW=[redacted]")]
    [InlineData("DB_PW=ab)cdef", "DB_PW=[redacted]")]
    [InlineData("(DB_PW=abcdef)", "(DB_PW=[redacted])")]
    [InlineData("password: Ab1,x9KqLm", "password: [redacted]")]
    [InlineData("{password: abcdefg, b: 1}", "{password: [redacted], b: 1}")]
    [InlineData("COSMOS_PRIMARYKEY=abcdefg", "COSMOS_PRIMARYKEY=[redacted]")]
    [InlineData("PW='it'\"'\"'s me'", "PW='[redacted]")]
    [InlineData("PW2=abc", "PW2=[redacted]")]
    [InlineData("HTTP_AUTH=Basic dXNlcjpwdw==\nA=b", "HTTP_AUTH=[redacted]\nA=b")]
    [InlineData("HTTP_AUTH='Basic dXNlcjpwdw=='\nA=b", "HTTP_AUTH='[redacted]'\nA=b")]
    [InlineData("curl: Basic dXNlcjpwdw was sent", "curl: Basic [redacted] was sent")]
    [InlineData("Cookie: a=b; c=d", "Cookie: [redacted]")]
    [InlineData("Set-Cookie: sid=1", "Set-Cookie: [redacted]")]
    [InlineData("X-Api-Key: abcdef", "X-Api-Key: [redacted]")]
    [InlineData("PresharedKey = abcdefghijk=", "PresharedKey = [redacted]")]
    [InlineData("ExecStart=/bin/x --password hunter22 --port 5", "ExecStart=/bin/x --password [redacted] --port 5")]
    [InlineData("--api-key=abc next", "--api-key=[redacted] next")]
    [InlineData("password: |\n  line one\n  two\nname: a", "password: [redacted]\nname: a")]
    [InlineData("{\"tokens\": [\"abc\", \"def\"], \"a\": 1}", "{\"tokens\": [redacted]], \"a\": 1}")]
    [InlineData("{\"password\":\"a\\\"b\",\"c\":1}", "{\"password\":\"[redacted]\",\"c\":1}")]
    [InlineData("{\\\"password\\\":\\\"abcdef\\\",\\\"c\\\":1}", "{\\\"password\\\":\\\"[redacted]\",\\\"c\\\":1}")]
    [InlineData("Environment=\"DB_PW=correct horse\" A=b", "Environment=\"DB_PW=[redacted]\" A=b")]
    [InlineData("\"key\": \"abc\"", "\"key\": \"[redacted]\"")]
    [InlineData("key: abcdef", "key: [redacted]")]
    public void ValuesWithASecretNameAreRedacted(string text, string redacted) => Assert.Equal(redacted, Redact(text));

    [Theory]
    [InlineData("the API key: cannot be read")]
    [InlineData("basic authentication is used")]
    [InlineData("controlPlaneAuthPolicy: MUTUAL_TLS")]
    [InlineData("ssh_host_key: /etc/ssh/ssh_host_rsa_key")]
    [InlineData("publicKey: ssh-ed25519")]
    [InlineData("PKCS8_KEY=true")]
    [InlineData("-A INPUT -m conntrack --ctstate NEW -j ACCEPT")]
    [InlineData("KeyringMode=private")]
    [InlineData("sha256: 13579bdf02468ace13579bdf02468ace13579bdf02468ace13579bdf02468ace")]
    [InlineData("https://smm.example.com:8443/ is reached")]
    [InlineData("disk-usage-of-the-folder-with-a-long-name-123456")]
    [InlineData("| a table |\n| with key | columns |")]
    public void DiagnosticTextStays(string text) => Assert.Equal(text, Redact(text));

    [Theory]
    [InlineData("a\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nb", "a\n[redacted]\nb")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----\\nb", "[redacted]\\nb")]
    [InlineData("a\n-----BEGIN EC PRIVATE KEY-----\nMIIE and all the rest", "a\n[redacted]")]
    [InlineData("MIIE\n-----END PRIVATE KEY-----\nb", "[redacted]\nb")]
    [InlineData("-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ\n-----END PGP PRIVATE KEY BLOCK-----\nb", "[redacted]\nb")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n")]
    [InlineData(
        "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n[redacted]\n")]
    public void PrivateKeyIsRedactedEvenIfItsBlockIsCut(string text, string redacted) => Assert.Equal(redacted, Redact(text));

    [Fact]
    public void TwelveCharactersOfTheSecretNeverRemain() =>
        Gen.Select(Gen.String, Gen.Int[0, 20], Gen.Int[12, 40], Gen.String).Sample((before, from, length, after) =>
        {
            var piece = Token.Substring(from, Math.Min(length, Token.Length - from));
            var redacted = Redact(before + piece + after);
            return Enumerable.Range(0, Token.Length - 11).All(i => !redacted.Contains(Token.Substring(i, 12), StringComparison.Ordinal));
        });

    private static string Redact(string text) => new Redactor(new KnownSecrets([Token])).Redact(text);
}
