using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Mesh;
using SmmAgent.Linux.Files;

namespace SmmAgent.Tests.Daemon.Mesh;

public sealed class MeshConfigServiceTests : IAsyncLifetime
{
    private readonly AgentUnderTest _agent = new();

    private (long Changed, long NotModified, long Failed) Fetches => (
        _agent.Counters.Current[CountedEvent.ConfigurationChanged],
        _agent.Counters.Current[CountedEvent.ConfigurationNotModified],
        _agent.Counters.Current[CountedEvent.ConfigurationFailed]);

    private ConditionUpdate ConfigCurrent => _agent.MeshConfig.Value.ConfigCurrent;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _agent.DisposeAsync();

    [Fact]
    public async Task AGoodConfigurationIsInForceAndSavedForItsOwnerAlone()
    {
        await StepAsync(Sample.Ok(Sample.ConfigText()));

        Assert.Equal(ConditionUpdate.True("ConfigCurrent", "Current",
            "the mesh configuration of vm-integration/analytics-v0 is the dashboard's newest, received 2026-01-01T12:00:00Z"),
            ConfigCurrent);
        Assert.Equal(8080, _agent.MeshConfig.Value.Config!.WorkloadGroup.Ports["http"]);
        Assert.False(_agent.MeshConfig.Value.CameOverVerifiedHttps);
        Assert.Equal(AtomicFile.Private, File.GetUnixFileMode(_agent.Paths.LastGoodMeshConfig));
    }

    public static TheoryData<string, string, string> Refusals() => new()
    {
        { Sample.Problem("401 Unauthorized", "token-invalid", "add its hash"), "TokenRefused",
            "the dashboard refused the bearer token and says: add its hash; meanwhile" },
        { RawServer.Answer("401 Unauthorized", ""), "RefusedInFront",
            "refuses the request with 401; the dashboard has not seen it; have it pass the header Authorization on" },
        { Sample.Problem("403 Forbidden", "not-this-workload-group", ""), "NotThisWorkloadGroup",
            "not for WorkloadGroup vm-integration/analytics-v0" },
        { Sample.Problem("404 Not Found", "workload-group-not-found", ""), "WorkloadGroupNotFound", "sudo smm-agent set workload-group" },
        { RawServer.Answer("404 Not Found", ""), "RefusedInFront", "is that the dashboard's address?" },
        { Sample.Problem("426 Upgrade Required", "agent-too-old", ""), "AgentTooOld", "/get/smm-agent | sudo sh" },
        { Sample.Problem("429 Too Many Requests", "too-many-requests", ""), "RateLimited", "fewer requests" },
        { RawServer.Answer("502 Bad Gateway", ""), "DashboardError", "answered 502" },
        { Sample.Problem("400 Bad Request", "body-invalid", "no"), "DashboardError", "answered 400 (no)" },
        { RawServer.Answer("302 Found", "", "Location: https://login.example.com/\r\n"), "Redirected",
            "set dashboard-url https://login.example.com" },
        { Sample.Ok("{\"apiVersion\":\"smm/v2\"}", "\"2\""), "InvalidAnswer", "apiVersion: 'smm/v2' is not understood" },
        { Sample.Ok("{}", "\"2\""), "InvalidAnswer", "mesh: is required and missing" },
        { Sample.Ok("", "\"2\""), "InvalidAnswer", "not valid JSON" },
        { Sample.Ok(Sample.ConfigText().Replace("vm-integration", "elsewhere", StringComparison.Ordinal), "\"2\""), "InvalidAnswer",
            "elsewhere/analytics-v0" },
        { RawServer.Answer("200 OK", "<html>", "Content-Type: text/html\r\n"), "InvalidAnswer", "text/html" },
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"2\"\r\nContent-Length: 9000\r\n\r\n{", "InvalidAnswer", "cut off" },
        { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"2\"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", "InvalidAnswer",
            "cut off" },
        { Sample.Ok(new string(' ', MeshConfig.MaximumBytes + 1), "\"2\""), "InvalidAnswer", "larger than 1048576 bytes" },
        { "garbage\r\n\r\n", "InvalidAnswer", "not HTTP" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task LastGoodConfigurationStaysAfterAnInvalidAnswer(string answer, string reason, string message)
    {
        await StepAsync(Sample.Ok(Sample.ConfigText()));
        var good = _agent.MeshConfig.Value;
        var saved = await File.ReadAllBytesAsync(_agent.Paths.LastGoodMeshConfig, TestContext.Current.CancellationToken);

        await StepAsync(answer, close: true);

        Assert.Equal((ConditionStatus.False, reason), (ConfigCurrent.Status, ConfigCurrent.Reason));
        Assert.Contains(message, ConfigCurrent.Message, StringComparison.Ordinal);
        Assert.EndsWith("; meanwhile the last good configuration is used, received 2026-01-01T12:00:00Z", ConfigCurrent.Message,
            StringComparison.Ordinal);
        Assert.Same(good.Config, _agent.MeshConfig.Value.Config);
        Assert.Equal(saved, await File.ReadAllBytesAsync(_agent.Paths.LastGoodMeshConfig, TestContext.Current.CancellationToken));
        Assert.DoesNotContain("secret-token", ConfigCurrent.Message, StringComparison.Ordinal);
        Assert.Equal((1, 0, 1), Fetches);
    }

    [Fact]
    public async Task ADashboardThatHangsUpIsUnreachable()
    {
        _agent.Server.Answers = request =>
        {
            request.Close();
            return null;
        };
        using var service = _agent.MeshConfigService();

        await service.StepAsync(TestContext.Current.CancellationToken);

        Assert.Equal("DashboardUnreachable", ConfigCurrent.Reason);
        Assert.Contains("closed the connection without an answer", ConfigCurrent.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATruncatedFirstAnswerLeavesNoConfiguration()
    {
        await StepAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"2\"\r\nContent-Length: 9000\r\n\r\n{", close: true);

        Assert.Null(_agent.MeshConfig.Value.Config);
        Assert.EndsWith("there is no earlier configuration to work with", ConfigCurrent.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_agent.Paths.LastGoodMeshConfig));
    }

    [Fact]
    public async Task ARestartWithoutTheDashboardUsesTheLastGoodConfiguration()
    {
        await StepAsync(Sample.Ok(Sample.ConfigText(9090)));
        await _agent.Server.DisposeAsync();
        _agent.MeshConfig.Publish(Core.Mesh.MeshConfigState.Initial);

        using var restarted = _agent.MeshConfigService();
        await restarted.StepAsync(TestContext.Current.CancellationToken);

        Assert.Equal(9090, _agent.MeshConfig.Value.Config!.WorkloadGroup.Ports["http"]);
        Assert.Equal("DashboardUnreachable", ConfigCurrent.Reason);
        Assert.Contains("refused the connection", ConfigCurrent.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARestartAsksWithTheETagOfTheLastGoodConfiguration()
    {
        await StepAsync(Sample.Ok(Sample.ConfigText(), "\"v7\""));
        await StepAsync(Sample.NotModified("\"v7\""), request => Assert.Equal("\"v7\"", request.Header("If-None-Match")), restart: true);
        Assert.Equal((1, 1, 0), Fetches);

        Assert.Equal("Current", ConfigCurrent.Reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"body\":\"e30=\"}")]
    [InlineData("null")]
    public async Task DamagedFileIsIgnored(string content)
    {
        AtomicFile.Write(_agent.Paths.LastGoodMeshConfig, content, AtomicFile.Private);

        await StepAsync(Sample.Ok(Sample.ConfigText()), request => Assert.Null(request.Header("If-None-Match")));

        Assert.Equal("Current", ConfigCurrent.Reason);
    }

    [Fact]
    public async Task TheConfigurationOfAnotherWorkloadGroupIsNotUsed()
    {
        await StepAsync(Sample.Ok(Sample.ConfigText()));
        _agent.Settings.Publish(new SettingsState(AgentUnderTest.Good(_agent.Server.Url) with { Name = "other" }, [], []));

        await StepAsync(Sample.Problem("404 Not Found", "workload-group-not-found", ""),
            request => Assert.Null(request.Header("If-None-Match")));

        Assert.Null(_agent.MeshConfig.Value.Config);
    }

    [Fact]
    public async Task UnconfiguredAgentReportsTheCommandsThatConfigureIt()
    {
        _agent.Settings.Publish(SettingsState.Empty);
        using var service = _agent.MeshConfigService();

        await service.StepAsync(TestContext.Current.CancellationToken);

        Assert.Equal(ConditionUpdate.False("ConfigCurrent", "NotConfigured",
            "this VM is not configured yet: sudo smm-agent set dashboard-url URL; sudo smm-agent set workload-group NAMESPACE/NAME"),
            ConfigCurrent);
    }

    [Fact]
    public async Task MissingTokenIsReported()
    {
        File.Delete(_agent.Paths.BearerToken);
        using var service = _agent.MeshConfigService();

        await service.StepAsync(TestContext.Current.CancellationToken);

        Assert.Equal("TokenMissing", ConfigCurrent.Reason);
        Assert.Contains("sudo smm-agent set bearer-token --stdin", ConfigCurrent.Message, StringComparison.Ordinal);
        Assert.Equal(0, _agent.Server.Count);
    }

    [Fact]
    public async Task InvalidEditIsReportedAndThePreviousSettingsAreUsed()
    {
        _agent.Settings.Publish(_agent.Settings.Value with { Errors = [new InputError("node.ip", "line 4: 'x' is no address")] });

        await StepAsync(Sample.Ok(Sample.ConfigText()));

        Assert.Equal("InvalidSettings", ConfigCurrent.Reason);
        Assert.Contains("node.ip: line 4: 'x' is no address", ConfigCurrent.Message, StringComparison.Ordinal);
        Assert.NotNull(_agent.MeshConfig.Value.Config);
    }

    [Fact]
    public async Task BootWithInvalidSettingsKeepsTheConfiguration()
    {
        await StepAsync(Sample.Ok(Sample.ConfigText()));
        _agent.Settings.Publish(SettingsState.Empty with { Errors = [new InputError("", "line 1: is not valid YAML")] });

        using var restarted = _agent.MeshConfigService();
        await restarted.StepAsync(TestContext.Current.CancellationToken);

        Assert.NotNull(_agent.MeshConfig.Value.Config);
        Assert.Equal("InvalidSettings", ConfigCurrent.Reason);
    }

    [Fact]
    public async Task FullDiskIsReportedAndStopsNothing()
    {
        Directory.CreateDirectory(_agent.Paths.LastGoodMeshConfig); // a rename onto a folder fails for root too

        await StepAsync(Sample.Ok(Sample.ConfigText()));

        Assert.Equal((ConditionStatus.True, "Current"), (ConfigCurrent.Status, ConfigCurrent.Reason));
        Assert.Contains("not saved for the next start", ConfigCurrent.Message, StringComparison.Ordinal);
        Assert.NotNull(_agent.MeshConfig.Value.Config);
    }

    [Fact]
    public async Task SameBytesUnderAnotherETagAreNoChange()
    {
        await StepAsync(Sample.Ok(Sample.ConfigText(), "\"1\""));
        var before = _agent.MeshConfig.Value.Config;

        await StepAsync(Sample.Ok(Sample.ConfigText(), "\"2\""), restart: false);

        Assert.Same(before, _agent.MeshConfig.Value.Config);
    }

    private MeshConfigService? _service;

    /// <summary>One step, answered with these bytes.</summary>
    private async Task StepAsync(string answer, Action<RawRequest>? check = null, bool restart = false, bool close = false)
    {
        _service = restart || _service is null ? _agent.MeshConfigService() : _service;
        var step = _service.StepAsync(TestContext.Current.CancellationToken);
        var request = await _agent.Server.NextAsync();
        check?.Invoke(request);
        try
        {
            await request.WriteAsync(answer);
        }
        catch (IOException)
        {
            // The agent has closed the connection.
        }

        request.End(close);
        await step;
    }
}
