using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Http;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Agents;

public sealed class AgentsTests
{
    [Fact]
    public async Task FirstReportBindsKey()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var agent = new TestAgent();
        var thief = new TestAgent() with { Uuid = agent.Uuid };
        (await agent.Registration().SendAsync(dashboard)).IsProblem(409, "no-report");
        Assert.Equal(HttpStatusCode.NoContent, (await agent.Report().SendAsync(dashboard)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await agent.Report("198.18.0.8").SendAsync(dashboard)).Status);
        (await thief.Report().SendAsync(dashboard)).IsProblem(403, "agent-key-mismatch");
        (await thief.Registration().SendAsync(dashboard)).IsProblem(403, "agent-key-mismatch");
        (await thief.DialBack("[16400]").SendAsync(dashboard)).IsProblem(403, "agent-key-mismatch");
        Assert.Equal(HttpStatusCode.OK, (await agent.Registration().SendAsync(dashboard)).Status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/")]
    public async Task KeyOfOtherLengthIs400(string? key)
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var answer = await (new TestAgent().Report() with { AgentKey = key }).SendAsync(dashboard);
        answer.IsProblem(400, "body-invalid");
        Assert.Contains("Agent-Key", answer.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"hostname\": \"vm-1\",", "", "host.hostname")]
    [InlineData("\"value\": \"198.18.0.7\"", "\"value\": \"vm.example.com\"", "address.value")]
    [InlineData("\"value\": \"198.18.0.7\"", "\"value\": \"fe80::1%eth0\"", "address.value")]
    [InlineData("\"10.0.0.7\"", "\"x\"", "interfaceAddresses[0]")]
    [InlineData("\"status\": \"True\"", "\"status\": \"Yes\"", "conditions[0].status")]
    [InlineData("\"lastTransitionTime\": \"2026-01-02T03:04:05.678Z\"", "\"lastTransitionTime\": \"now\"",
        "conditions[0].lastTransitionTime")]
    [InlineData("\"reportedAt\": \"2026-01-02T03:04:05+00:00\"", "\"reportedAt\": \"2026-01-02T03:04:05\"", "reportedAt")]
    [InlineData("\"agent\": \"0.1.0\"", "\"agent\": 1", "versions.agent")]
    public async Task FaultInReportIsNamed(string good, string bad, string member)
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var call = new TestAgent().Report();
        Assert.Contains(good, call.Body, StringComparison.Ordinal);
        var answer = await (call with { Body = call.Body!.Replace(good, bad, StringComparison.Ordinal) }).SendAsync(dashboard);
        answer.IsProblem(400, "body-invalid");
        Assert.Contains(member + ":", answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReportOfAgentIsAccepted()
    {
        var report = new SmmAgent.Contract.AgentReport
        {
            Host = new("vm", "os", "amd64"),
            InterfaceAddresses = ["2001:db8::1"],
            Versions = new("0.1.0", null),
            Conditions = [new() { Type = "A", Status = "Unknown", Reason = "B", Message = "",
                LastTransitionTime = TimeProvider.System.GetUtcNow() }],
            ReportedAt = TimeProvider.System.GetLocalNow(),
        };
        var body = System.Text.Json.JsonSerializer.Serialize(report, SmmAgent.Contract.ContractJson.Default.AgentReport);
        await using var dashboard = await RunningDashboard.StartAsync();
        var agent = new TestAgent();
        Assert.Equal(HttpStatusCode.NoContent, (await (agent.Report() with { Body = body }).SendAsync(dashboard)).Status);
        (await agent.DialBack("[16400]").SendAsync(dashboard)).IsProblem(409, "no-report"); // it knows no address yet
    }

    [Theory]
    [InlineData("\"hostname\": \"vm-1\"", "\"hostname\": \"\\ud800\"")]
    [InlineData("\"hostname\": \"vm-1\"", "\"hostname\": \"vm-1\", \"\\ud800\": 1, \"\\ud800\": 2")]
    public async Task NonUnicodeReportIs400(string good, string bad)
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var call = new TestAgent().Report();
        Assert.Contains(good, call.Body, StringComparison.Ordinal);
        var answer = await (call with { Body = call.Body!.Replace(good, bad, StringComparison.Ordinal) }).SendAsync(dashboard);
        answer.IsProblem(400, "body-invalid");
    }

    [Fact]
    public async Task FullGroupRefusesNewAgentsUntilOldOneExpires()
    {
        var clock = new FakeTimeProvider();
        await using var dashboard = await RunningDashboard.StartAsync(new() { Seams = new() { Clock = clock }, AgentsPerGroup = 1 });
        var (first, second) = (new TestAgent(), new TestAgent());
        Assert.Equal(HttpStatusCode.NoContent, (await first.Report().SendAsync(dashboard)).Status);
        first.Prove(dashboard);
        var log = new LogLines();
        dashboard.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        var refused = await second.Report().SendAsync(dashboard);
        refused.IsProblem(503, "unavailable");
        (await second.Report().SendAsync(dashboard)).IsProblem(503, "unavailable");
        Assert.Single(log.Lines, line => line.Contains("the WorkloadGroup has 1 agents", StringComparison.Ordinal));
        Assert.Equal("60", refused.Headers["Retry-After"]);
        Assert.Equal(HttpStatusCode.NoContent, (await first.Report().SendAsync(dashboard)).Status);
        clock.Advance(TimeSpan.FromDays(31));
        Assert.Equal(HttpStatusCode.NoContent, (await second.Report().SendAsync(dashboard)).Status);
        (await first.Registration().SendAsync(dashboard)).IsProblem(409, "no-report");
    }

    [Fact]
    public async Task TokenHolderCannotExcludeNewVm()
    {
        var clock = new FakeTimeProvider();
        await using var dashboard = await RunningDashboard.StartAsync(
            new() { Seams = new() { Clock = clock }, AgentsPerGroup = 4, NewAgents = new Rate(6, 1), HasData = true });
        var log = new LogLines();
        dashboard.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        var reached = new TestAgent();
        await reached.Report("198.18.0.1").SendAsync(dashboard);
        reached.Prove(dashboard);
        var made = Enumerable.Range(0, 5).Select(_ => new TestAgent()).ToList();
        foreach (var agent in made)
            Assert.Equal(HttpStatusCode.NoContent, (await agent.Report().SendAsync(dashboard)).Status);
        var refused = await new TestAgent().Report().SendAsync(dashboard);
        refused.IsProblem(429, "too-many-requests");
        Assert.Equal("60", refused.Headers["Retry-After"]);

        // Known agents keep working, and a second later a new VM is admitted.
        Assert.Equal(HttpStatusCode.NoContent, (await reached.Report("198.18.0.1").SendAsync(dashboard)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await made[4].Report().SendAsync(dashboard)).Status);
        clock.Advance(TimeSpan.FromSeconds(1));
        var vm = new TestAgent();
        Assert.Equal(HttpStatusCode.NoContent, (await vm.Report("198.18.0.2").SendAsync(dashboard)).Status);
        Assert.Equal(HttpStatusCode.OK, (await reached.Registration().SendAsync(dashboard)).Status);
        (await made[0].Registration().SendAsync(dashboard)).IsProblem(409, "no-report");
        Assert.Equal(4, Directory.GetFiles(dashboard.Folder.Path("data/agents/vm-integration/analytics-v0")).Length);
        Assert.Single(log.Lines, line => line.Contains("to admit a new one", StringComparison.Ordinal));
        Assert.Single(log.Lines, line => line.Contains("with 429", StringComparison.Ordinal));
    }

    [Fact]
    public async Task LastAgentReachedAtAddressStaysProven()
    {
        await using var dashboard =
            await RunningDashboard.StartAsync(new() { Seams = new() { Clock = new FakeTimeProvider() }, AgentsPerGroup = 2 });
        var (first, second, third) = (new TestAgent(), new TestAgent(), new TestAgent());
        foreach (var agent in (TestAgent[])[first, second])
        {
            await agent.Report().SendAsync(dashboard);
            agent.Prove(dashboard);
        }

        Assert.Equal(HttpStatusCode.NoContent, (await third.Report().SendAsync(dashboard)).Status);
        (await first.Registration().SendAsync(dashboard)).IsProblem(409, "no-report");
        Assert.Equal(HttpStatusCode.OK, (await second.Registration().SendAsync(dashboard)).Status);
    }

    [Fact]
    public async Task ReportFileIsSmall()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { HasData = true });
        var agent = new TestAgent();
        var call = agent.Report();
        var large = call.Body!.Replace("4 ports", new string('\u00e9', 100_000), StringComparison.Ordinal)
            .Replace("vm-1", new string('\u00e9', 1000), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await (call with { Body = large }).SendAsync(dashboard)).Status);
        Assert.InRange(new FileInfo(dashboard.Folder.Path($"data/agents/vm-integration/analytics-v0/{agent.Uuid}.json")).Length, 1,
            16 * 1024);
    }

    [Fact]
    public async Task KeysAndReportsSurviveRestart()
    {
        using var folder = new TemporaryFolder();
        var agent = new TestAgent();
        await using (var before = await RunningDashboard.StartAsync(new() { Folder = folder, HasData = true }))
            Assert.Equal(HttpStatusCode.NoContent, (await agent.Report("127.0.0.1").SendAsync(before)).Status);

        var file = folder.Path($"data/agents/vm-integration/analytics-v0/{agent.Uuid}.json");
        Assert.DoesNotContain(agent.Key, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        folder.Write($"data/agents/vm-integration/analytics-v0/{Guid.NewGuid()}.json", "{ broken");

        await using var after = await RunningDashboard.StartAsync(new() { Folder = folder, HasData = true });
        (await (new TestAgent() with { Uuid = agent.Uuid }).Report().SendAsync(after)).IsProblem(403, "agent-key-mismatch");
        var dialled = await agent.DialBack("[16401]").SendAsync(after);
        Assert.Equal("127.0.0.1", dialled.Json.GetProperty("address").GetString());
    }
}
