using System.Security.Cryptography.X509Certificates;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>Redirects between a dashboard and another server, each with its own authority.</summary>
public sealed class PackageRedirectTests : IAsyncDisposable
{
    private readonly PackageServerFixture _house = new();
    private readonly RawServer _dashboard;
    private readonly RawServer _other;

    public PackageRedirectTests()
    {
        using var dashboardRoot = Sample.NewCertificate("dashboard root");
        using var otherRoot = Sample.NewCertificate("other root");
        _dashboard = new(Sample.NewCertificate("dashboard", dashboardRoot));
        _other = new(Sample.NewCertificate("other", otherRoot)) { Answers = request => _house.Ranged(request) };
        _house.Source = new(_dashboard.Url, Pem("dashboard.pem", dashboardRoot), "1.2.3", Pem("other.pem", otherRoot));
    }

    public async ValueTask DisposeAsync()
    {
        await _dashboard.DisposeAsync();
        await _other.DisposeAsync();
        await _house.DisposeAsync();
    }

    [Fact]
    public async Task DashboardIsTrustedByItsCaFile()
    {
        _dashboard.Answers = request => _house.Ranged(request);

        await _house.ArrivesAsync();
    }

    [Fact]
    public async Task RedirectToAnotherServerIsFollowedWithItsOwnTrustAndNothingSecret()
    {
        _dashboard.Answers = _ => Redirect($"{_other.Url}p.deb");

        await _house.ArrivesAsync();

        Assert.Null(Assert.Single(_house.Requests).Header("Authorization"));
    }

    [Fact]
    public async Task PackageMayBeOnAnotherServer()
    {
        var (path, _) = await _house.FetchAsync(PackageServerFixture.Package with { Path = $"{_other.Url}p.deb" });

        Assert.NotNull(path);
        Assert.Equal(0, _dashboard.Count);
    }

    [Fact]
    public async Task AnotherServerIsNotTrustedByTheDashboardsCaFile()
    {
        using var root = Sample.NewCertificate("third root");
        await using var third = new RawServer(Sample.NewCertificate("third", root));
        _dashboard.Answers = _ => Redirect($"{third.Url}p.deb");

        var failure = await _house.FailAsync();

        Assert.Equal(PackageFailureReason.Unreachable, failure.Reason);
        Assert.Contains("comes from no authority that this host trusts", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, third.Count);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/p.deb", "which is not https")]
    [InlineData("file:///etc/shadow", "which is not https")]
    [InlineData("", "redirects without a usable location")]
    public async Task RedirectToAnythingElseIsNotFollowed(string to, string shown)
    {
        _dashboard.Answers = _ => Redirect(to);

        var failure = await _house.FailAsync();

        Assert.Equal(PackageFailureReason.Redirected, failure.Reason);
        Assert.Contains(shown, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RedirectsAreLimited()
    {
        _dashboard.Answers = _ => Redirect("/round");

        Assert.Equal(PackageFailureReason.Redirected, (await _house.FailAsync()).Reason);
        Assert.Equal(6, _dashboard.Count);
    }

    private static string Redirect(string to) => RawServer.Answer("302 Found", "", to.Length == 0 ? "" : $"Location: {to}\r\n");

    private string Pem(string name, X509Certificate2 certificate)
    {
        AtomicFile.Write(_house.Below(name), certificate.ExportCertificatePem(), AtomicFile.Public);
        return _house.Below(name);
    }
}
