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
    public void AKnownSecretIsFoundWholeAndInPieces(string text, string redacted) => Assert.Equal(redacted, Redact(text));

    [Theory]
    [InlineData("")]
    [InlineData("u")]
    [InlineData("us")]
    [InlineData("user:")]
    public void AKnownSecretIsFoundInBase64WhateverStandsBeforeIt(string before)
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
    public void AKnownSecretIsFoundInOtherSpellings(string text, string redacted) => Assert.Equal(redacted, Redact(text));

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
    public async Task AHostileTextOfTheLargestSizeTakesNoLongerThanAnother(string word)
    {
        var text = string.Concat(Enumerable.Repeat(word, 4 * 1024 * 1024 / word.Length));

        // Seconds at most; each step for each character would take hours.
        await Task.Run(() => Redact(text)).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void AShortSecretIsFoundWhole() =>
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
    [InlineData("ca: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUNNSUlDTUlJQ01JSUNNSUlDTUlJQw==", "ca: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUNNSUlDTUlJQ01JSUNNSUlDTUlJQw==")]
    [InlineData("token: /etc/smm/bearer-token", "token: /etc/smm/bearer-token")]
    public void WhatLooksLikeASecretIsTakenOut(string text, string redacted) => Assert.Equal(redacted, Redact(text));

    [Theory]
    [InlineData("a\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nb", "a\n[redacted]\nb")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----\\nb", "[redacted]\\nb")]
    [InlineData("a\n-----BEGIN EC PRIVATE KEY-----\nMIIE and all the rest", "a\n[redacted]")]
    [InlineData("MIIE\n-----END PRIVATE KEY-----\nb", "[redacted]\nb")]
    [InlineData("-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ\n-----END PGP PRIVATE KEY BLOCK-----\nb", "[redacted]\nb")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n")]
    [InlineData(
        "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n[redacted]\n")]
    public void APrivateKeyIsTakenOutAlsoWhenItsBlockIsCut(string text, string redacted) => Assert.Equal(redacted, Redact(text));

    [Fact]
    public void WhateverTheTextNoTwelveCharactersOfTheSecretAreLeft() =>
        Gen.Select(Gen.String, Gen.Int[0, 20], Gen.Int[12, 40], Gen.String).Sample((before, from, length, after) =>
        {
            var piece = Token.Substring(from, Math.Min(length, Token.Length - from));
            var redacted = Redact(before + piece + after);
            return Enumerable.Range(0, Token.Length - 11).All(i => !redacted.Contains(Token.Substring(i, 12), StringComparison.Ordinal));
        });

    private static string Redact(string text) => new Redactor(new KnownSecrets([Token])).Redact(text);
}
