using System.Formats.Asn1;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Network.Tls;

namespace SmmAgent.Linux.Tests.Network.Tls;

/// <summary>The variables of OpenSSL name the authorities of a test. Other tests use certificates that no authority vouches for.</summary>
public sealed class SystemTrustTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _root = Sample.NewCertificate("system root");
    private readonly X509Certificate2 _other = Sample.NewCertificate("other root");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("SSL_CERT_FILE", null);
        Environment.SetEnvironmentVariable("SSL_CERT_DIR", null);
        _root.Dispose();
        _other.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void AuthorityOfTheBundleIsTrusted()
    {
        UseFile("junk\n" + Pem(_other) + "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n" + Pem(_root));

        Assert.Equal(X509ChainStatusFlags.NoError, Flaws(Sample.NewCertificate("server", _root)));
    }

    [Fact]
    public void AuthorityOutsideTheBundleIsNotTrusted()
    {
        UseFile(Pem(_other));

        Assert.True(Flaws(Sample.NewCertificate("server", _root)).HasFlag(X509ChainStatusFlags.PartialChain));
        Assert.True(Flaws(Sample.NewCertificate("server", _root), _root).HasFlag(X509ChainStatusFlags.UntrustedRoot));
    }

    [Fact]
    public void MissingFileVouchesForNoServer()
    {
        Environment.SetEnvironmentVariable("SSL_CERT_FILE", _folder.Path("missing"));
        Environment.SetEnvironmentVariable("SSL_CERT_DIR", _folder.Path("missing"));

        Assert.True(Flaws(Sample.NewCertificate("server", _root)).HasFlag(X509ChainStatusFlags.PartialChain));
    }

    [Fact]
    public void IntermediateCertificateOfTheBundleCompletesAChain()
    {
        using var issuing = Sample.NewCertificate("issuing", _root, isAuthority: true);
        UseFile(Pem(issuing) + Pem(_root));

        Assert.Equal(X509ChainStatusFlags.NoError, Flaws(Sample.NewCertificate("server", issuing)));
    }

    [Fact]
    public void IntermediateCertificateOfTheServerCompletesAChain()
    {
        using var issuing = Sample.NewCertificate("issuing", _root, isAuthority: true);
        UseFile(Pem(_root));

        Assert.Equal(X509ChainStatusFlags.NoError, Flaws(Sample.NewCertificate("server", issuing), issuing));
    }

    // An intermediate certificate of the system is not an anchor.
    [Fact]
    public void IntermediateCertificateAloneIsNotTrusted()
    {
        using var issuing = Sample.NewCertificate("issuing", _root, isAuthority: true);
        UseFile(Pem(issuing));

        Assert.True(Flaws(Sample.NewCertificate("server", issuing)).HasFlag(X509ChainStatusFlags.PartialChain));
    }

    [Fact]
    public void ExpiredCertificateIsNotTrusted()
    {
        UseFile(Pem(_root));
        var server = Sample.NewCertificate("server", _root, to: new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero));

        Assert.Equal(X509ChainStatusFlags.NotTimeValid, Flaws(server));
    }

    [Fact]
    public void AuthorityInAFolderIsTrusted()
    {
        UseFolder(Pem(_root));

        Assert.Equal(X509ChainStatusFlags.NoError, Flaws(Sample.NewCertificate("server", _root)));
    }

    [Fact]
    public void NamesMayDifferInTheirEncoding()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Name(UniversalTagNumber.PrintableString), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaf = new CertificateRequest("CN=server", leafKey, HashAlgorithmName.SHA256).Create(
            Name(UniversalTagNumber.UTF8String), X509SignatureGenerator.CreateForECDsa(key), DateTimeOffset.UtcNow.AddHours(-1),
            DateTimeOffset.UtcNow.AddHours(1), [1]);
        UseFile(Pem(root));

        Assert.Equal(X509ChainStatusFlags.NoError, Flaws(leaf));
    }

    [Fact]
    public void ServerWithoutAuthorityIsNotTrusted()
    {
        UseFile(Pem(_root));

        // A self-signed certificate of a server, also with the name of an authority.
        Assert.True(Flaws(Sample.NewCertificate("server")).HasFlag(X509ChainStatusFlags.UntrustedRoot));
        Assert.NotEqual(X509ChainStatusFlags.NoError, Flaws(Sample.NewCertificate("system root")));
    }

    [Fact]
    public void NameOfAnAuthorityAloneIsNotTrusted()
    {
        using var forged = Sample.NewCertificate("system root");
        UseFile(Pem(_root));

        Assert.NotEqual(X509ChainStatusFlags.NoError, Flaws(Sample.NewCertificate("server", forged)));
        Assert.NotEqual(X509ChainStatusFlags.NoError, Flaws(Sample.NewCertificate("server", forged), forged));
        Assert.NotEqual(X509ChainStatusFlags.NoError, Flaws(Sample.NewCertificate("server", forged), forged, _root));
    }

    [Fact]
    public void CertificateOfAServerIsNoIssuer()
    {
        using var other = Sample.NewCertificate("other", _root);
        UseFile(Pem(_root));

        Assert.NotEqual(X509ChainStatusFlags.NoError, Flaws(IssuedBy(other), other));

        // Also if the operator has added it.
        UseFile(Pem(other) + Pem(_root));
        Assert.NotEqual(X509ChainStatusFlags.NoError, Flaws(IssuedBy(other)));
    }

    [Fact]
    public void ExpiredIntermediateCertificateIsNotTrusted()
    {
        using var issuing = Sample.NewCertificate(
            "issuing", _root, isAuthority: true, to: new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero));
        UseFile(Pem(_root));

        Assert.True(Flaws(IssuedBy(issuing), issuing).HasFlag(X509ChainStatusFlags.NotTimeValid));
    }

    [Theory]
    [InlineData("localhost", "1.3.6.1.5.5.7.3.1", true)]
    [InlineData("other", "1.3.6.1.5.5.7.3.1", false)]
    [InlineData("localhost", "1.3.6.1.5.5.7.3.2", false)]
    public async Task HandshakeValidatesTheNameAndThePurpose(string name, string purpose, bool isTrusted)
    {
        UseFile(Pem(_root));
        using var server = IssuedBy(_root, name, purpose);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        using var accepted = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using var far = new SslStream(accepted.GetStream());
        var serving = far.AuthenticateAsServerAsync(server);
        await using var near = new SslStream(client.GetStream());
        var options = SystemTrust.Options();
        options.TargetHost = "localhost";

        var failure = await Record.ExceptionAsync(() => near.AuthenticateAsClientAsync(options, TestContext.Current.CancellationToken));
        client.Close();
        await Record.ExceptionAsync(() => serving);

        if (isTrusted)
            Assert.Null(failure);
        else
            Assert.IsType<AuthenticationException>(failure);
    }

    [Fact]
    public void EmptyVariablesNameNoAuthorities()
    {
        Environment.SetEnvironmentVariable("SSL_CERT_FILE", "");
        Environment.SetEnvironmentVariable("SSL_CERT_DIR", "");

        Assert.Empty(SystemTrust.Files());
        Assert.Empty(SystemTrust.FolderFiles());
    }

    // The agent hides the variables from .NET. Package managers and other programs need them.
    [Fact]
    public async Task ProgramsGetTheVariablesOfTheAgent()
    {
        SystemTrust.KeepUnloaded();

        var result = await new CommandRunner().RunAsync(
            ["sh", "-c", "echo ${SSL_CERT_FILE-unset} ${SSL_CERT_DIR-unset}"], TestContext.Current.CancellationToken);

        Assert.Equal("unset unset\n", result.Output);
    }

    private static X500DistinguishedName Name(UniversalTagNumber encoding)
    {
        var name = new X500DistinguishedNameBuilder();
        name.Add("2.5.4.10", "Example", encoding);
        return name.Build();
    }

    private static X509Certificate2 IssuedBy(X509Certificate2 issuer, string dnsName = "localhost", string? purpose = null)
    {
        using var issuerKey = issuer.GetECDsaPrivateKey()!;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=issued", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(dnsName);
        request.CertificateExtensions.Add(names.Build());
        if (purpose is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        using var signed = request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuerKey), DateTimeOffset.UtcNow.AddHours(-1),
            DateTimeOffset.UtcNow.AddHours(1), [7]);
        using var withKey = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    private static string Pem(X509Certificate2 certificate) => certificate.ExportCertificatePem() + "\n";

    // What SslStream does with the policy of the handshake, and then the validation.
    private static X509ChainStatusFlags Flaws(X509Certificate2 leaf, params X509Certificate2[] sent)
    {
        using var handshake = new X509Chain { ChainPolicy = SystemTrust.HandshakePolicy() };
        handshake.ChainPolicy.ExtraStore.AddRange(sent);
        Assert.False(handshake.Build(leaf));
        using var chain = SystemTrust.Build(leaf, handshake);
        using (leaf)
            return chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
    }

    private void UseFile(string text)
    {
        var file = _folder.Path("bundle.pem");
        File.WriteAllText(file, text);
        Environment.SetEnvironmentVariable("SSL_CERT_FILE", file);
        Environment.SetEnvironmentVariable("SSL_CERT_DIR", _folder.Path("missing"));
    }

    private void UseFolder(string text)
    {
        var folder = Directory.CreateDirectory(_folder.Path("folder")).FullName;
        File.WriteAllText(Path.Combine(folder, "0a1b2c3d.0"), text);
        Environment.SetEnvironmentVariable("SSL_CERT_FILE", _folder.Path("missing"));
        Environment.SetEnvironmentVariable("SSL_CERT_DIR", $"{_folder.Path("missing")}:{folder}");
    }
}
