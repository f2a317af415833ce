using System.Net;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Agents;

/// <summary>An agent asks for its own token anew.</summary>
public sealed class AgentTokenTests
{
    [Fact]
    public async Task AgentWithReportGetsNewToken()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { Seams = new() { AgentTokens = new TestAgentTokens() } });
        var agent = new TestAgent();
        (await agent.Renewal().SendAsync(dashboard)).IsProblem(409, "no-report");
        await agent.Report().SendAsync(dashboard);

        var answer = await agent.Renewal().SendAsync(dashboard);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.Equal(TestAgentTokens.Renewed.Token, answer.Json.GetProperty("token").GetString());
    }

    [Fact]
    public async Task TokenWithoutKeyOfAgentGetsNoNewToken()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { Seams = new() { AgentTokens = new TestAgentTokens() } });
        var agent = new TestAgent();
        await agent.Report().SendAsync(dashboard);

        (await (new TestAgent() with { Uuid = agent.Uuid }).Renewal().SendAsync(dashboard)).IsProblem(403, "agent-key-mismatch");
        (await (agent.Renewal() with { AgentKey = null }).SendAsync(dashboard)).IsProblem(400, "body-invalid");
    }

    [Fact]
    public async Task HashedTokensCannotBeRenewed()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var agent = new TestAgent();
        await agent.Report().SendAsync(dashboard);

        (await agent.Renewal().SendAsync(dashboard)).IsProblem(404, "not-supported");
    }
}
