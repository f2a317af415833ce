using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Tests.Dashboard;

public sealed class DashboardTlsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-tls");
    private readonly X509Certificate2 _root = Sample.NewCertificate("dashboard root");
    private readonly BearerTokenFile _token;
    private readonly string _caFile;

    public DashboardTlsTests()
    {
        _caFile = Path.Combine(_folder.FullName, "ca.pem");
        AtomicFile.Write(_caFile, _root.ExportCertificatePem(), AtomicFile.Public);
        var token = Path.Combine(_folder.FullName, "bearer-token");
        AtomicFile.Write(token, "secret", AtomicFile.Private);
        _token = new BearerTokenFile(token);
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task CertificateFromTheCaFileIsTrusted()
    {
        var (result, count) = await AskAsync(Sample.NewCertificate("server", _root), _caFile);

        Assert.IsType<MeshConfigAnswer.Changed>(result.Value);
        Assert.Equal(1, count);
    }

    [Fact]
    public async Task CertificateFromAnotherAuthorityIsNotTrusted()
    {
        using var other = Sample.NewCertificate("other root");

        await IsRefusedAsync(Sample.NewCertificate("server", other), _caFile, UnreachableReason.WrongCertificate,
            "an authority in dashboard.caFile");
    }

    [Fact]
    public Task PrivateAuthorityIsNotTrustedWithoutACaFile() =>
        IsRefusedAsync(Sample.NewCertificate("server", _root), null, UnreachableReason.WrongCertificate,
            "no authority that this host trusts");

    [Fact]
    public Task ACertificateForAnotherNameIsNotTrusted() => IsRefusedAsync(
        Sample.NewCertificate("server", _root, dnsName: "other.example.com"), _caFile, UnreachableReason.WrongCertificate,
        "for another name");

    [Fact]
    public Task AnExpiredCertificateIsSaidToBeExpired() => IsRefusedAsync(
        Sample.NewCertificate("server", _root, to: new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero)),
        _caFile, UnreachableReason.ExpiredCertificate, "valid from 2020-01-01T00:00:00Z to 2021-01-01T00:00:00Z");

    // root -> issuing -> server; the server sends what is said.
    [Theory]
    [InlineData("issuing", "leaf+issuing", true)]
    [InlineData("issuing", "leaf", true)]
    [InlineData("issuing", "leaf+issuing+root", true)]
    [InlineData("leaf", "leaf", true)]
    [InlineData("root", "leaf+issuing", true)]
    [InlineData("other+issuing", "leaf+issuing", true)]
    [InlineData("root", "leaf", false)]
    [InlineData("other", "leaf+issuing", false)]
    [InlineData("other", "leaf+issuing+root", false)]
    [InlineData("expired", "leaf+issuing", false)]
    public async Task AnyCertificateOfTheCaFileIsATrustAnchor(string caFile, string sent, bool isTrusted)
    {
        using var issuing = Sample.NewCertificate("issuing", _root, isAuthority: true);
        using var expired = Sample.NewCertificate(
            "issuing", _root, to: new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero), isAuthority: true, key: issuing);
        using var leaf = Sample.NewCertificate("server", issuing);
        using var other = Sample.NewCertificate("other root");
        var known = new Dictionary<string, X509Certificate2>
        {
            ["root"] = _root, ["issuing"] = issuing, ["leaf"] = leaf, ["other"] = other,
            ["expired"] = expired
        };
        AtomicFile.Write(_caFile, string.Concat(caFile.Split('+').Select(name => known[name].ExportCertificatePem() + "\n")),
            AtomicFile.Public);
        await using var server = new RawServer(
            leaf, [.. sent.Split('+').Skip(1).Select(name => known[name])])
        { Answers = _ => Sample.Ok(Sample.ConfigText()) };
        using var client = Client(server.Url, _caFile);

        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);

        Assert.True(isTrusted == (result.Failure is null), result.Failure?.ToString());
    }

    [Fact]
    public async Task CaFileFromWindowsIsRead()
    {
        var pem = "\ufeff" + _root.ExportCertificatePem().Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n\ufeff"
            + _root.ExportCertificatePem();
        AtomicFile.Write(_caFile, pem, AtomicFile.Public);

        Assert.Null((await AskAsync(Sample.NewCertificate("server", _root), _caFile)).Result.Failure);
    }

    [Fact]
    public async Task MissingIntermediateCertificateIsDistinguishedFromAWrongName()
    {
        using var issuing = Sample.NewCertificate("issuing", _root, isAuthority: true);
        await IsRefusedAsync(
            Sample.NewCertificate("server", issuing), _caFile, UnreachableReason.WrongCertificate,
            "the server does not send the certificate of its issuer 'CN=issuing': if that is an intermediate authority, have the server "
                + "send its whole chain");
        await IsRefusedAsync(
            Sample.NewCertificate("server", _root, dnsName: "other.example.com"), _caFile, UnreachableReason.WrongCertificate,
            "it is for 'other.example.com'");
    }

    // A real server of OpenSSL, which speaks what Kestrel does not.
    [Theory]
    [InlineData("demands a client certificate, and the agent has none", "-tls1_3", "-Verify", "1")]
    [InlineData("demands a client certificate, and the agent has none", "-tls1_2", "-Verify", "1")]
    [InlineData("speaks no version of TLS that this host accepts", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")]
    [InlineData("shares no cipher", "-tls1_2", "-cipher", "ECDHE-ECDSA-CAMELLIA256-SHA384:@SECLEVEL=0")]
    public async Task TlsRequirementsOfAFrontEndAreNamed(string shown, params string[] options)
    {
        using var certificate = Sample.NewCertificate("server", _root);
        await using var server = await OpenSslServer.StartAsync(certificate, _folder.FullName, options);
        using var client = Client(new Uri($"https://localhost:{server.Port}"), _caFile);

        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);

        var message = FailureText.Format(result.Failure!, client.Target).Message;
        Assert.True(message.Contains(shown, StringComparison.Ordinal), message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Http2OnlyServerIsNamed(bool isSecure)
    {
        using var certificate = Sample.NewCertificate("server", _root);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (isSecure)
                listen.UseHttps(certificate);
        }));
        await using var server = builder.Build();
        await server.StartAsync(TestContext.Current.CancellationToken);
        using var client = Client(new Uri($"{(isSecure ? "https" : "http")}://localhost:{new Uri(server.Urls.Single()).Port}"), _caFile);

        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);

        var message = FailureText.Format(result.Failure!, client.Target).Message;
        Assert.True(message.Contains("have it accept HTTP/1.1", StringComparison.Ordinal), message);
    }

    [Fact]
    public async Task HandshakeTimeoutNamesLostPackets()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        using var client = Client(new Uri($"https://localhost:{((System.Net.IPEndPoint)silent.LocalEndpoint).Port}"), _caFile);

        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);

        Assert.Contains("the TLS handshake did not end in time: if small answers arrive",
            Assert.IsType<DashboardFailure.Unreachable>(result.Failure).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DashboardWithoutTlsIsDistinguished()
    {
        await using var server = new RawServer();
        using var client = Client(new Uri($"https://localhost:{server.Port}"), _caFile);
        var call = client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);
        // The client's hello has no end of headers; the server's end is what the client sees.
        await server.DisposeAsync();

        Assert.IsType<DashboardFailure.Unreachable>((await call).Failure);
    }

    [Fact]
    public async Task CaFileHasNoEffectOverPlainHttp()
    {
        await using var server = new RawServer();
        using var client = Client(new Uri($"http://localhost:{server.Port}"), "/no/such/file.pem");
        var call = client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);
        await server.DisposeAsync();

        Assert.IsType<DashboardFailure.Unreachable>((await call).Failure);
    }

    [Theory]
    [InlineData(null, "there is no file")]
    [InlineData("no certificate", "has no certificate in PEM")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used")]
    [InlineData("\ufeff-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n",
        "bad.pem has a certificate in OpenSSL's own form")]
    [InlineData("-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n", "sudo openssl pkcs7 -print_certs -in ")]
    public async Task UnusableCaFileIsReportedAndNothingIsSent(string? content, string shown)
    {
        var path = Path.Combine(_folder.FullName, "bad.pem");
        if (content is not null)
            AtomicFile.Write(path, content, AtomicFile.Public);

        var (result, count) = await AskAsync(Sample.NewCertificate("server", _root), path);

        Assert.Contains(shown, Assert.IsType<DashboardFailure.BadCaFile>(result.Failure).Reason, StringComparison.Ordinal);
        Assert.Equal(0, count);
    }

    [Fact]
    public void CaFileInAnotherFormatIsReportedWithTheConversionCommand()
    {
        var path = Path.Combine(_folder.FullName, "other");
        File.WriteAllBytes(path, _root.RawData);
        Assert.Equal($"{path} is in DER, not in PEM: sudo openssl x509 -inform DER -in {path} -out {path}.pem, and name that file",
            CaFile.Fault(path));

        File.WriteAllText(path, _root.ExportCertificatePem(), System.Text.Encoding.Unicode);
        Assert.StartsWith($"{path} is text in UTF-16: sudo iconv ", CaFile.Fault(path), StringComparison.Ordinal);
    }

    [Fact]
    public void TextAroundCertificatesIsIgnored()
    {
        AtomicFile.Write(_caFile, $"Certificate:\n    Data: x\n{_root.ExportCertificatePem()}\n# the end\n", AtomicFile.Public);

        Assert.Null(CaFile.Fault(_caFile));
    }

    [Fact]
    public async Task AServerWithoutTlsIsReportedWithoutTheTextOfDotNet()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var client = Client(new Uri($"https://{listener.LocalEndpoint}"), null);
        var call = client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);
        using var server = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await server.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);

        var failure = Assert.IsType<DashboardFailure.Unreachable>((await call).Failure);

        Assert.Equal((UnreachableReason.NoTls, "it answered something that is not TLS"), (failure.Reason, failure.Detail));
    }

    private async Task IsRefusedAsync(X509Certificate2 certificate, string? caFile, UnreachableReason reason, string shown)
    {
        var (result, count) = await AskAsync(certificate, caFile);

        var failure = Assert.IsType<DashboardFailure.Unreachable>(result.Failure);
        Assert.Equal(reason, failure.Reason);
        Assert.Contains(shown, failure.Detail, StringComparison.Ordinal);
        Assert.Equal(0, count); // the token was not sent
    }

    private async Task<(DashboardResult<MeshConfigAnswer> Result, int Count)> AskAsync(X509Certificate2 certificate, string? caFile)
    {
        await using var server = new RawServer(certificate) { Answers = _ => Sample.Ok(Sample.ConfigText()) };
        using var client = Client(server.Url, caFile);
        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);
        return (result, server.Count);
    }

    private DashboardClient Client(Uri url, string? caFile) =>
        new(new DashboardTarget(url, Sample.Namespace, Sample.Name), caFile, _token, "1.2.3", new FakeTimeProvider());
}
