using System.Buffers.Text;
using System.Text;
using CsCheck;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Tokens;

/// <summary>What is a token, what holds one, and what is none.</summary>
public sealed class TokenTextTests
{
    private const string Opaque = "s3cret-Token.x";
    private static readonly string Jwt =
        $"{Part("""{"alg":"RS256","kid":"x"}""")}.{Part("""{"sub":"system:serviceaccount:ns:vm","exp":4102444800}""")}.{new string('s', 342)}";

    private static readonly string[] Beginnings = ["", "Bearer ", "{\"kind\":\"Secret\",", "token: ", "\"", "apiVersion: v1\n", "a: ["];

    public static TheoryData<string> Tokens() =>
    [
        Opaque,
        Jwt,
        "abc",
        "0123456789abcdef",
        "b3BhcXVlIHRleHQgaW4gYmFzZTY0", // base64 of text
        Part("""{"user":"a","session":"0123456789"}"""), // base64 of JSON
        new string('a', 64), // a hash in hex
        "sha256~Ab_cd-Ef",
        "/abc+def/ghi==",
        "~/x",
        "-abcDEF123",
        "a.b",
        "a.b.c.d.e",
        $"{Part("""{"alg":"dir","enc":"A256GCM"}""")}..aXY.Y2lwaGVy.dGFn", // an encrypted JWT
    ];

    [Theory]
    [MemberData(nameof(Tokens))]
    public void AToken(string token)
    {
        foreach (var text in new[] { token, token + "\n", token + "\r\n" })
            Assert.Equal(new TokenText(token, null, null), Of(text));
    }

    public static TheoryData<string, string> Wrapped() => new()
    {
        { $"Bearer {Jwt}", "an Authorization header" },
        { $"bearer {Opaque}", "an Authorization header" },
        { $"Authorization: Bearer {Jwt}", "an Authorization header" },
        { $"\"{Jwt}\"\n", "quotes" },
        { $"'{Opaque}'", "quotes" },
        { $"\uFEFF{Jwt}", "a byte order mark" },
        { $"{Jwt}%", "a shell's %" },
        { $"{Opaque}%\n", "a shell's %" },
        { $"{Jwt}\n\n", "white space" },
        { $"  {Opaque} \n", "white space" },
        { Lines(Jwt, 64), "several lines" },
        { Lines(Jwt, 80).Replace("\n", "\r\n", StringComparison.Ordinal), "several lines" },
        { Base64(Jwt), "base64" },
        { Base64(Jwt + "\n"), "base64" },
        { Part(Jwt), "base64" },
        { Lines(Base64(Jwt), 76), "several lines, base64" },
        { Base64(Base64(Jwt)), "base64, base64" },
        { $$$"""{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","spec":{"audiences":["x"]},"status":{"token":"{{{Jwt}}}"}}""", "a TokenRequest as JSON" },
        { "apiVersion: authentication.k8s.io/v1\nkind: TokenRequest\nstatus:\n  expirationTimestamp: "
            + $"\"2030-01-01T00:00:00Z\"\n  token: {Jwt}\n", "a TokenRequest as YAML" },
        { $$$"""{"kind":"ExecCredential","status":{"token":"{{{Jwt}}}"}}""", "an ExecCredential as JSON" },
        { $"apiVersion: v1\ndata:\n  ca.crt: eA==\n  token: {Base64(Jwt)}\nkind: Secret\n", "a Secret as YAML" },
        { $$$"""{"apiVersion":"v1","kind":"Secret","data":{"token":"{{{Base64(Opaque)}}}"}}""", "a Secret as JSON" },
        { $"kind: Secret\nstringData:\n  token: {Opaque}\n", "a Secret as YAML" },
        { $"token: {Jwt}\n", "the member token of YAML" },
        { $$$"""{ "token": "{{{Jwt}}}", "expirationTimestamp": "2030-01-01T00:00:00Z" }""", "the member token of JSON" },
        { Base64($$$"""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","status":{"token":"{{{Jwt}}}"}}"""),
            "base64, a TokenRequest as JSON" },
        { $"Bearer \"{Jwt}\"", "an Authorization header, quotes" },
        { $"\u201c{Jwt}\u201d", "quotes" }, // copied out of a text document
        { $"\"{Jwt}\"%", "a shell's %, quotes" },
        { $"\"{Base64(Jwt)}\"\n", "quotes, base64" },
        { $"{Base64(Jwt)}%", "a shell's %, base64" },
        { $"TOKEN={Jwt}\n", "a variable of a shell" },
        { $"export SMM_TOKEN='{Opaque}'\n", "a variable of a shell, quotes" },
        { Base64($"Bearer {Jwt}"), "base64, an Authorization header" },
        { $"apiVersion: v1\ndata:\n  token: {Base64(Jwt)}\nkind: Secret\n".Replace("\n", "\r\n", StringComparison.Ordinal),
            "a Secret as YAML" },
    };

    [Theory]
    [MemberData(nameof(Wrapped))]
    public void TokenIsUnwrapped(string text, string wrapping)
    {
        var token = text.Contains(Opaque, StringComparison.Ordinal)
            || text.Contains(Base64(Opaque), StringComparison.Ordinal) ? Opaque : Jwt;

        Assert.Equal(new TokenText(token, wrapping, null), Of(text));
    }

    [Fact]
    public void TokenInBase64IsDecoded() => Assert.Equal(
        new TokenText("eyJhbGciOiAiUlMyNTYiLCAia2lkIjogIngifQ.e30.c2ln", "base64", null),
        Of("ZXlKaGJHY2lPaUFpVWxNeU5UWWlMQ0FpYTJsa0lqb2dJbmdpZlEuZTMwLmMybG4=\n"));

    [Fact]
    public void Utf16OfPowerShellIsRead() =>
        Assert.Equal(new TokenText(Jwt, "UTF-16", null), TokenText.Parse([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Jwt + "\r\n")]));

    [Theory]
    [InlineData("win.txt", "win.txt")]
    [InlineData("/root/win.txt", "/root/win.txt")]
    [InlineData("@win.txt", "win.txt")]
    [InlineData("./My Token.JWT", "./My Token.JWT")]
    [InlineData("~/kubeconfig.yaml", "~/kubeconfig.yaml")]
    public void FileNameIsRecognised(string text, string name) =>
    Assert.Equal(new TokenText(null, null, "is the name of a file", name), Of(text));

    public static TheoryData<string, string> Others() => new()
    {
        { "", "is empty" },
        { "\n", "is empty" },
        { " \t\n", "is empty" },
        { "-x", "is an option" },
        { "--stdn", "is an option" },
        { $"{Jwt[..Jwt.LastIndexOf('.')]}", "is a JWT without its signature" },
        { $"{Jwt[..(Jwt.LastIndexOf('.') + 1)]}", "is a JWT without its signature" },
        { $"{Jwt[..Jwt.IndexOf('.', StringComparison.Ordinal)]}", "is a JWT without its signature" },
        { $"{Jwt} {Jwt}", $"at position {Jwt.Length + 1}" },
        { $"{Opaque}\n{Opaque}\n", "a line break" },
        { $"{Jwt}\n{Jwt}\n", "a line break" },
        { "tökén-of-mine", "at position 2" },
        { "@s3cret-token", "at position 1" },
        { "$TOKEN", "at position 1" },
        { "https://smm.example.com", "is a URL" },
        { "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "in PEM" },
        { $"{new string('a', 64)}  -\n", "is a checksum" },
        { $"apiVersion: v1\nkind: Config\nusers:\n- name: a\n  user:\n    token: {Jwt}\n", "is a kubeconfig (YAML)" },
        { $$$"""{"apiVersion":"v1","kind":"Config","users":[{"user":{"token":"{{{Jwt}}}"}}]}""", "is a kubeconfig (JSON)" },
        { "apiVersion: v1\nkind: Secret\ndata:\n  password: eA==\n", "is a Secret (YAML) without a token" },
        { "apiVersion: v1\nkind: Secret\ndata:\n  token: '?'\n", "is a Secret (YAML) without a token" },
        { "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n", "is a ServiceAccount (YAML)" },
        { """{"kind":"TokenRequest","status":{"token":"x""", "looks like JSON" },
        { "a: 1\nb: 2\n", "is YAML without a token" },
        { $"Name: a\nData\n====\nca.crt:  1 bytes\ntoken:   {Jwt}\n", "at position" }, // kubectl describe
        { "TOKEN=$(cat token)", "at position" },
        { "<html><title>Sign in</title></html>", "at position 1" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void TextThatIsNotATokenIsNamed(string text, string refusal)
    {
        var found = Of(text);

        Assert.Equal((null, null, null), (found.Token, found.Wrapping, found.FileName));
        Assert.Contains(refusal, found.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void BinaryContentIsRefused() => Assert.Equal("is not text", TokenText.Parse([0x1F, 0x8B, 0x08]).Refusal);

    [Fact]
    public void NumberOfLayersIsLimited()
    {
        var text = Jwt;
        for (var depth = 0; depth < 20; depth++)
            text = $"\"{text}\"";

        Assert.Equal("is wrapped more than 8 times", Of(text).Refusal);
    }

    [Fact]
    public void RandomTokenOfADashboardIsAToken() =>
        Gen.Char["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].Array[20, 200].Sample(characters =>
        {
            var token = new string(characters);
            return Of(token) == new TokenText(token, null, null);
        });

    [Fact]
    public void RefusalOfARandomTextQuotesNothingOfIt() =>
        Gen.String[0, 200].Select(Gen.Int[0, Beginnings.Length - 1]).Sample((text, beginning) =>
        {
            var found = Of(Beginnings[beginning] + text);
            return (found.Token is null) != (found.Refusal is null)
                && !(text.Length > 8 && found.Refusal?.Contains(text, StringComparison.Ordinal) == true)
                && found.ToString() == nameof(TokenText); // a token of one letter may be in that word
        });

    private static TokenText Of(string text) => TokenText.Parse(Encoding.UTF8.GetBytes(text));

    private static string Part(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Lines(string text, int width) => string.Join('\n', text.Chunk(width).Select(line => new string(line))) + "\n";
}
