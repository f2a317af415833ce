using Microsoft.Extensions.Time.Testing;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Identity;

namespace SmmAgent.Linux.Tests.Dashboard;

/// <summary>For every answer of the dashboard a call ends with a result: an exception would end the daemon.</summary>
public sealed class InvalidAnswerTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-liar");
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly RawServer _server = new();

    public ValueTask InitializeAsync()
    {
        AtomicFile.Write(Path.Combine(_folder.FullName, "bearer-token"), "secret-token\n", AtomicFile.Private);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("//")]
    [InlineData("//[x")]
    [InlineData("//a:b:c/")]
    [InlineData("http:///")]
    [InlineData("file:///etc/passwd")]
    public async Task RedirectToAnInvalidUrlHasNoTarget(string location)
    {
        _server.Answers = _ => RawServer.Answer("302 Found", "", $"Location: {location}\r\n");
        using var client = Client();

        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);

        Assert.Equal(new DashboardFailure.Redirected(302, null), result.Failure);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"results":[]}""")]
    [InlineData("""{"address":"198.18.0.2","fromCluster":"demo"}""")]
    [InlineData("""{"address":"198.18.0.2","fromCluster":"demo","results":null}""")]
    [InlineData("""{"address":"198.18.0.2","fromCluster":"demo","results":[null]}""")]
    public async Task IncompleteDialBackViolatesTheContract(string body)
    {
        _server.Answers = _ => RawServer.Answer("200 OK", body, "Content-Type: application/json\r\n");
        using var client = Client();

        var result = await client.DialBackAsync(Guid.Empty, new AgentKey("k"), new([16400], "n"), TestContext.Current.CancellationToken);

        var refused = Assert.IsType<DashboardFailure.BadAnswer>(result.Failure);
        Assert.Contains("is not what the contract says", refused.Faults[0].Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"\ud800":1,"\ud800":2}""")]
    [InlineData("""{"apiVersion":"\ud800"}""")]
    public async Task ConfigurationThatIsNotTextIsRefused(string body)
    {
        _server.Answers = _ => Sample.Ok(body);
        using var client = Client();

        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);

        var refused = Assert.IsType<DashboardFailure.BadAnswer>(result.Failure);
        Assert.Contains("not Unicode text", refused.Faults[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ETagThatAHeaderCannotCarryIsRefused()
    {
        _server.Answers = _ => Sample.Ok(Sample.ConfigText(), "\"\u00e9\"");
        using var client = Client();

        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);

        var refused = Assert.IsType<DashboardFailure.BadAnswer>(result.Failure);
        Assert.Equal("ETag", Assert.Single(refused.Faults).Path);
    }

    [Theory]
    [InlineData("429 Too Many Requests")]
    [InlineData("503 Service Unavailable")]
    public async Task RetryAfterZeroIsRaisedToOneSecond(string status)
    {
        _server.Answers = _ => Sample.Problem(status, "too-many-requests", "", "Retry-After: 0\r\n");
        using var client = Client();

        var result = await client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);

        Assert.Equal(TimeSpan.FromSeconds(1), FailureText.RetryAfter(result.Failure!));
    }

    private DashboardClient Client() => new(
        new DashboardTarget(_server.Url, Sample.Namespace, Sample.Name), null,
        new BearerTokenFile(Path.Combine(_folder.FullName, "bearer-token")), "1.2.3", _time);
}
