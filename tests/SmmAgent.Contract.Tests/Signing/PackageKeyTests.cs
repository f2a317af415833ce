using SmmAgent.Contract.Signing;

namespace SmmAgent.Contract.Tests.Signing;

public sealed class PackageKeyTests
{
    private const string Prefix = "302a300506032b6570032100";

    // The example of RFC 8410, section 10.
    private const string RfcPublic = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
    private const string RfcPrivate =
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

    [Fact]
    public void KeyOfRfc8410IsRead()
    {
        Assert.True(PackageSigningKey.TryParse(RfcPrivate, out var key, out _));
        Assert.Equal((RfcPublic, 16), (key.Public.Text, key.Public.Id.Length));
        Assert.True(PackageKey.TryParse(RfcPublic, out var same, out _));
        Assert.Equal(key.Public, same);
        Assert.Equal(RfcPrivate, key.Pem());
    }

    // The second example of RFC 8410: version 1, with attributes and the public key.
    [Fact]
    public void PrivateKeyWithAttributesIsRead()
    {
        const string Pem = """
            -----BEGIN PRIVATE KEY-----
            MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
            oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
            Z9w7lshQhqowtrbLDFw4rXAxZuE=
            -----END PRIVATE KEY-----
            """;
        Assert.True(PackageSigningKey.TryParse(Pem, out var key, out _));
        Assert.Equal(RfcPublic, key.Public.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE")]
    [InlineData("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuF=")] // the last digit has bits that are no part of the key
    [InlineData("MCowBQYDK2VuAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")] // X25519
    [InlineData("GRIVATEKEYGRIVATEKEYGRIVATEKEYGRIVATEKEYGRIVATEKEYGRIVATEKEY")]
    [InlineData("-----BEGIN PUBLIC KEY-----")]
    [InlineData("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqow\nrbLDFw4rXAxZuE=")]
    public void InvalidKeyIsRefusedInOneLine(string text)
    {
        Assert.False(PackageKey.TryParse(text, out _, out var reason));
        Assert.Contains("is not an Ed25519 public key", reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', reason);
    }

    // The eight points of small order, and their second encodings.
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    public void KeyOfSmallOrderIsRefused(string bytes)
    {
        Assert.False(PackageKey.TryParse(Convert.ToBase64String(Convert.FromHexString(Prefix + bytes)), out _, out var reason));
        Assert.Contains("small order", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "has no PEM block")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
        "has the PEM label 'PUBLIC KEY'")]
    [InlineData("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4=\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "is encrypted: decrypt it for this call")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n", "is not an Ed25519 key in PKCS#8")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE "
        + "KEY-----\n", "is not an Ed25519 key in PKCS#8")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMC0CAQAwBQYDK2VwBCEEH9Tuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVg=\n-----END PRIVATE "
        + "KEY-----\n", "is not an Ed25519 key in PKCS#8")]
    public void InvalidPrivateKeyIsRefused(string pem, string because)
    {
        Assert.False(PackageSigningKey.TryParse(pem, out _, out var reason));
        Assert.Contains(because, reason, StringComparison.Ordinal);
    }
}
