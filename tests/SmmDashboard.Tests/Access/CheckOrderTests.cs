using System.Net;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Access;

public sealed class CheckOrderTests
{
    private const string Foreign = "/v1/namespaces/other/workloadgroups";

    [Theory]
    [InlineData(null, "TokenMissing", "the header Authorization: Bearer TOKEN is missing")]
    [InlineData("a b", "TokenMalformed", "the header Authorization does not have the form Bearer TOKEN")]
    [InlineData("quote\"d", "TokenMalformed", "the header Authorization does not have the form Bearer TOKEN")]
    [InlineData("unheard-of", "TokenUnknown", "the token is unknown: this dashboard identifies tokens by SHA-256; "
        + "its administrator must add the output of this to the group's tokenSha256s: printf %s \"$TOKEN\" | sha256sum")]
    public async Task MissingMalformedOrUnknownTokenIs401WithReasonAndFix(string? token, string reason, string detail)
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var answer = await (Call.MeshConfig() with { Token = token }).SendAsync(dashboard);
        answer.IsProblem(401, "token-invalid");
        Assert.Equal((reason, detail), (answer.Json.GetProperty("reason").GetString(), answer.Detail));
        Assert.True(detail.Length <= 200, "the agent shows 200 characters");
        if (token is not null)
            Assert.DoesNotContain(token, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProblemWithoutReasonHasNoReasonMember()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var answer = await Call.Get($"{Foreign}/nothing/mesh-config").SendAsync(dashboard);
        answer.IsProblem(403, "not-this-workload-group");
        Assert.False(answer.Json.TryGetProperty("reason", out _));
    }

    [Fact]
    public async Task KnownButExpiredTokenIs401()
    {
        var jwt = SmmDashboard.Access.Jwt.Encode("""{"alg":"none"}""") + "." + SmmDashboard.Access.Jwt.Encode("""{"exp":1700000000}""")
            + ".c2ln";
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Mesh = new MeshYaml { Groups = [MeshYaml.Group("analytics-v0", jwt)] },
        });
        var answer = await (Call.MeshConfig() with { Token = jwt }).SendAsync(dashboard);
        answer.IsProblem(401, "token-invalid");
        Assert.Equal(("TokenExpired", "the token has expired; set a new one: sudo smm-agent set bearer-token --stdin"),
            (answer.Json.GetProperty("reason").GetString(), answer.Detail));
        Assert.Equal("Bearer", answer.Headers["WWW-Authenticate"]);
    }

    [Fact]
    public async Task GroupOfOtherNamespaceIs403WhetherItExistsOrNot()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var exists = await Call.Get($"{Foreign}/billing-v1/mesh-config").SendAsync(dashboard);
        var doesNot = await Call.Get($"{Foreign}/nothing/mesh-config").SendAsync(dashboard);
        exists.IsProblem(403, "not-this-workload-group");
        Assert.Equal(exists.Text, doesNot.Text);
    }

    [Fact]
    public async Task GroupOfOtherServiceAccountInSameNamespaceIs403()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Mesh = new MeshYaml { Groups = [MeshYaml.Group("analytics-v0", MeshYaml.Token), MeshYaml.Group("two", MeshYaml.OtherToken)] },
        });
        (await Call.Get("/v1/namespaces/vm-integration/workloadgroups/two/mesh-config").SendAsync(dashboard))
            .IsProblem(403, "not-this-workload-group");
    }

    [Fact]
    public async Task MissingGroupInNamespaceOfTokenIs404()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var answer = await Call.Get("/v1/namespaces/vm-integration/workloadgroups/analytics-v9/mesh-config").SendAsync(dashboard);
        answer.IsProblem(404, "workload-group-not-found");
        Assert.Contains("analytics-v9", answer.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smm-agent/1.9.9", 426)]
    [InlineData("smm-agent/1.10.0", 200)]
    [InlineData("smm-agent/1.10.0-rc.1 (linux)", 200)]
    [InlineData("curl/8.0.0", 200)]
    public async Task AgentOlderThanMinimumIs426(string userAgent, int status)
    {
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Mesh = new MeshYaml { Head = "publicUrl: https://smm.example.com\nminimumAgentVersion: 1.10.0\n" },
        });
        var answer = await (Call.MeshConfig() with { Headers = new Dictionary<string, string> { ["User-Agent"] = userAgent } })
            .SendAsync(dashboard);
        Assert.Equal(status, (int)answer.Status);
        if (status == 426)
            answer.IsProblem(426, "agent-too-old");
    }

    /// <summary>One call that violates every rule. Each step fixes the violation that was reported.</summary>
    [Fact]
    public async Task ChecksFollowOrderOfContract()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Mesh = new MeshYaml { Head = "publicUrl: https://smm.example.com\nminimumAgentVersion: 2.0.0\n" },
        });
        var agent = new TestAgent();
        var call = new Call(HttpMethod.Put, $"{Foreign}/nothing/agents/not-a-uuid") { Token = "unknown", Body = new string('x', 300_000) };
        (await call.SendAsync(dashboard)).IsProblem(401, "token-invalid");
        call = call with { Token = MeshYaml.Token };
        (await call.SendAsync(dashboard)).IsProblem(403, "not-this-workload-group");
        call = call with { Path = "/v1/namespaces/vm-integration/workloadgroups/nothing/agents/not-a-uuid" };
        (await call.SendAsync(dashboard)).IsProblem(404, "workload-group-not-found");
        call = call with { Path = $"{RunningDashboard.Group}/agents/not-a-uuid" };
        (await call.SendAsync(dashboard)).IsProblem(426, "agent-too-old");
        call = call with { Headers = new Dictionary<string, string> { ["User-Agent"] = "smm-agent/2.0.0" } };
        (await call.SendAsync(dashboard)).IsProblem(413, "body-too-large");
        call = call with { Body = "{}" };
        (await call.SendAsync(dashboard)).IsProblem(400, "body-invalid");
        call = call with { Path = agent.Path };
        (await call.SendAsync(dashboard)).IsProblem(400, "body-invalid");
        call = call with { AgentKey = agent.Key };
        (await call.SendAsync(dashboard)).IsProblem(400, "body-invalid");
        call = call with { Body = TestAgent.ReportOf("198.18.0.1") };
        Assert.Equal(HttpStatusCode.NoContent, (await call.SendAsync(dashboard)).Status);
    }
}
