using System.Net;
using SmmDashboard.Tests.Running;
using SmmDashboard.Tls;

namespace SmmDashboard.Tests.Startup;

public sealed class TlsTests
{
    [Fact]
    public async Task HttpsUsesGivenCertificate()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { IsTls = true });
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new()
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                certificate?.GetCertHashString() == TestCertificate.Any.Thumbprint
            },
        });
        var answer = await client.GetAsync(new Uri(dashboard.BaseAddress, "/healthz"), TestContext.Current.CancellationToken);
        Assert.Equal("https", dashboard.BaseAddress.Scheme);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public void RenewedCertificateIsUsedAndBrokenOneIsNot()
    {
        using var folder = new TemporaryFolder();
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var first = new TestCertificate();
        var (certificate, key) = (folder.Write("c.pem", first.CertificatePem), folder.Write("k.pem", first.KeyPem));
        var pem = new PemCertificate(certificate, key, clock);
        string Served() => pem.Current.ServerCertificateContext!.TargetCertificate.Thumbprint;

        var second = new TestCertificate();
        folder.Write("c.pem", second.CertificatePem);
        File.SetLastWriteTimeUtc(certificate, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(first.Thumbprint, Served()); // its key is not there yet

        folder.Write("k.pem", second.KeyPem);
        clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(second.Thumbprint, Served());
    }
}
