using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Contract;
using SmmDashboard.Embedded.Registration;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Embedded.Registration;

/// <summary>A registered sidecar gets a certificate and registers with it afterwards.</summary>
public sealed class SidecarCertificateTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly TestAuthority _authority;
    private readonly RSA _key = RSA.Create(2048);

    public SidecarCertificateTests() => _authority = new(_clock.GetUtcNow());

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task CertificateWithIdentityOfTokenIsIssuedForOneDay()
    {
        await using var dashboard = await StartAsync();

        using var certificate = await GetAsync(dashboard);

        Assert.Equal("spiffe://cluster.local/ns/vm-integration/sa/default", SidecarAuthority.ReadIdentity(certificate)!.ToString());
        Assert.Equal(_clock.GetUtcNow().UtcDateTime.AddHours(24), certificate.NotAfter.ToUniversalTime(), TimeSpan.FromSeconds(1));
        using var authority = X509Certificate2.CreateFromPem(_authority.CertificatePem);
        using var chain = new X509Chain
        {
            ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck }
        };
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        Assert.True(chain.Build(certificate));
    }

    [Fact]
    public async Task CertificateRegistersWithoutTokenAndTakesPrecedence()
    {
        await using var dashboard = await StartAsync();
        using var certificate = await GetAsync(dashboard);

        foreach (var token in (string?[])[null, "nonsense"])
        {
            await using var sidecar = await TestSidecar.ConnectAsync(dashboard, certificate);
            var reply = await sidecar.AskAsync(Request(token));
            Assert.True(reply.GetProperty("registered").GetBoolean());
        }
    }

    [Fact]
    public async Task CertificateOfOtherIdentityIsRefusedDespiteValidToken()
    {
        await using var dashboard = await StartAsync();
        using var certificate = await GetAsync(dashboard);
        var token = await TestSidecar.TokenAsync(dashboard);

        await using var sidecar = await TestSidecar.ConnectAsync(dashboard, certificate);
        var reply = await sidecar.AskAsync(Request(token, account: "other"));

        Assert.Equal("IdentityMismatch", reply.GetProperty("reason").GetString());
        Assert.Equal("spiffe://cluster.local/ns/vm-integration/sa/default", reply.GetProperty("identity").GetString());
        // As in istiod, the authority signs for the proved identity.
        using var signed = X509Certificate2.CreateFromPem(reply.GetProperty("certificate").GetString());
        Assert.Equal("default", SidecarAuthority.ReadIdentity(signed)!.ServiceAccount);
    }

    [Fact]
    public async Task ForeignOrExpiredCertificateEndsHandshake()
    {
        await using var dashboard = await StartAsync();
        using var mine = await GetAsync(dashboard);
        await using var other = await RunningDashboard.StartAsync(new()
        {
            HasRegistration = true, Seams = new() { Clock = _clock }, Authority = new TestAuthority(_clock.GetUtcNow()),
        });
        await IsHungUpAsync(other);
        _clock.Advance(TimeSpan.FromHours(25));
        await IsHungUpAsync(dashboard);

        async Task IsHungUpAsync(RunningDashboard at)
        {
            await using var sidecar = await TestSidecar.ConnectAsync(at, mine);
            try
            {
                await sidecar.SendAsync(Request(await TestSidecar.TokenAsync(at)));
            }
            catch (IOException)
            {
                // The alert came first.
            }

            Assert.Null(await sidecar.ReadAsync());
        }
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n")]
    public async Task InvalidSigningRequestGetsNoCertificateButRegisters(string signingRequest)
    {
        await using var dashboard = await StartAsync();
        await using var sidecar = await TestSidecar.ConnectAsync(dashboard);
        var reply = await sidecar.AskAsync(Request(await TestSidecar.TokenAsync(dashboard), signingRequest: signingRequest));
        Assert.True(reply.GetProperty("registered").GetBoolean());
        Assert.False(reply.TryGetProperty("certificate", out _));
    }

    [Fact]
    public void CertificateDoesNotOutliveAuthority()
    {
        using var authority = Authority(TimeSpan.FromHours(2));

        using var certificate = X509Certificate2.CreateFromPem(authority.Issue(RequestFor(_key), Someone).Certificate);
        Assert.Equal(_clock.GetUtcNow().AddHours(2).UtcDateTime, certificate.NotAfter.ToUniversalTime(), TimeSpan.FromSeconds(1));

        _clock.Advance(TimeSpan.FromHours(2));
        var (none, reason) = authority.Issue(RequestFor(_key), Someone);
        Assert.Null(none);
        Assert.StartsWith("the certificate of the authority is valid only from ", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RSA 1024", "is RSA with 1024 bits")]
    [InlineData("1.3.132.0.33", "uses the elliptic curve 1.3.132.0.33")]
    [InlineData("1.3.132.0.10", "uses the elliptic curve 1.3.132.0.10")]
    public void WeakKeyGetsNoCertificate(string key, string named)
    {
        using var authority = Authority(TimeSpan.FromDays(1));
        using AsymmetricAlgorithm weak = key.StartsWith("RSA", StringComparison.Ordinal) ? RSA.Create(1024)
            : ECDsa.Create(ECCurve.CreateFromValue(key));

        var (certificate, reason) = authority.Issue(RequestFor(weak), Someone);

        Assert.Null(certificate);
        Assert.StartsWith($"the key in its signing request {named}; ", reason, StringComparison.Ordinal);
        Assert.EndsWith("; use EC P-256, P-384 or P-521, or RSA with 2048 to 8192 bits", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.2.840.10045.3.1.7")]
    [InlineData("1.3.132.0.34")]
    [InlineData("1.3.132.0.35")]
    public void StrongKeyGetsCertificate(string curve)
    {
        using var authority = Authority(TimeSpan.FromDays(1));
        using var key = ECDsa.Create(ECCurve.CreateFromValue(curve));
        Assert.NotNull(authority.Issue(RequestFor(key), Someone).Certificate);
    }

    [Fact]
    public async Task RefusedSigningRequestIsLoggedWithReason()
    {
        using var logs = new LogLines();
        await using var dashboard = await StartAsync();
        dashboard.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(logs);
        using var weak = RSA.Create(1024);
        await using var sidecar = await TestSidecar.ConnectAsync(dashboard);

        var reply = await sidecar.AskAsync(Request(await TestSidecar.TokenAsync(dashboard), signingRequest: RequestFor(weak)));

        Assert.True(reply.GetProperty("registered").GetBoolean());
        var expected =
            $"No certificate is issued to a sidecar that proved {Someone}: the key in its signing request is RSA with 1024 bits; ";
        Assert.Contains(logs.Lines, line => line.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ClientWithoutProvedIdentityGetsNoCertificate()
    {
        await using var dashboard = await StartAsync();
        await using (var sidecar = await TestSidecar.ConnectAsync(dashboard))
        {
            var reply = await sidecar.AskAsync(Request("nonsense"));
            Assert.Equal(("TokenRefused", false), (reply.GetProperty("reason").GetString(), reply.TryGetProperty("certificate", out _)));
        }

        await using (var sidecar = await TestSidecar.ConnectAsync(dashboard))
            Assert.Equal("RequestInvalid", (await sidecar.AskAsync(Request(null))).GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData("spiffe://td/ns/a/sa/b", true)]
    [InlineData("spiffe:///ns/a/sa/b", false)]
    [InlineData("spiffe://td/ns/a/sa/", false)]
    [InlineData("spiffe://td/ns/a/sa/b/c", false)]
    [InlineData("https://td/ns/a/sa/b", false)]
    public void OnlyIdentityInIstioFormIsRead(string uri, bool isOne) => Assert.Equal(isOne ? uri : null, SpiffeId.Parse(uri)?.ToString());

    private static SpiffeId Someone => new("cluster.local", "vm-integration", "default");

    private static string RequestFor(AsymmetricAlgorithm key) => (key is ECDsa elliptic
        ? new CertificateRequest("CN=istiod", elliptic, HashAlgorithmName.SHA256)
        : new CertificateRequest("CN=istiod", (RSA)key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)).CreateSigningRequestPem();

    private SidecarAuthority Authority(TimeSpan lifetime)
    {
        using var folder = new TemporaryFolder();
        var authority = new TestAuthority(_clock.GetUtcNow(), lifetime);
        return new(new(folder.Write("ca.pem", authority.CertificatePem), folder.Write("ca-key.pem", authority.KeyPem)), _clock);
    }

    private Task<RunningDashboard> StartAsync() =>
        RunningDashboard.StartAsync(new() { HasRegistration = true, Seams = new() { Clock = _clock }, Authority = _authority });

    private async Task<X509Certificate2> GetAsync(RunningDashboard dashboard)
    {
        await using var sidecar = await TestSidecar.ConnectAsync(dashboard);
        var reply = await sidecar.AskAsync(Request(await TestSidecar.TokenAsync(dashboard)));
        using var certificate = X509Certificate2.CreateFromPem(reply.GetProperty("certificate").GetString());
        return certificate.CopyWithPrivateKey(_key);
    }

    private string Request(string? token, string account = "default", string? signingRequest = null)
    {
        var request = JsonNode.Parse(TestSidecar.Request("-", account: account))!.AsObject();
        request.Remove("token");
        if (token is not null)
            request["token"] = token;
        request["signingRequest"] = signingRequest
            ?? new CertificateRequest("CN=istiod", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem();
        return request.ToJsonString(new JsonSerializerOptions { WriteIndented = false });
    }
}
