using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>The dashboard as anybody sees it: name, connection, transport, answer.</summary>
public sealed class DashboardCheckTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Fact]
    public async Task HealthyDashboardPassesEveryCheckAndPlainHttpIsAWarning()
    {
        await using var agent = new VmAgent(fixture.Bed);

        var output = CheckReportReader.By(agent);

        foreach (var id in (string[])["configured", "workload-group", "name", "reachable", "answers", "token", "token-accepted"])
            Assert.Equal(("dashboard-" + id, "pass"), ("dashboard-" + id, output.Status("dashboard-" + id)));
        Assert.Equal("warn", output.Status("dashboard-transport"));
        Assert.Equal("skipped", output.Status("dashboard-certificate"));
        Assert.Equal("skipped", output.Status("dashboard-token-claims"));
        Assert.Equal("pass", output.Status("host-clock"));
        Assert.Equal("pass", output.Status("host-certificates"));
    }

    [Fact]
    public async Task UnresolvableNameIsReported()
    {
        await using var agent = new VmAgent(fixture.Bed);
        fixture.Bed.Vm.SetHosts();
        agent.WriteSettings(Settings("http://no-such-dashboard.invalid:8443"));

        var output = CheckReportReader.By(agent);

        Assert.Equal("fail", output.Status("dashboard-name"));
        Assert.Contains("no-such-dashboard.invalid does not resolve", output.Found("dashboard-name"), StringComparison.Ordinal);
        Assert.Equal("skipped", output.Status("dashboard-reachable"));
        Assert.Equal("skipped", output.Status("dashboard-token-accepted"));
        Assert.Equal(1, output.ExitCode);
    }

    [Fact]
    public async Task NameWithOneUnreachableAddressOfTwoIsAWarning()
    {
        await using var agent = new VmAgent(fixture.Bed);
        fixture.Bed.Vm.SetHosts(("dashboard.example", MeshTestbed.DashboardAddress), ("dashboard.example", MeshTestbed.ThirdGateway));
        agent.WriteSettings(Settings("http://dashboard.example:8443"));

        var output = CheckReportReader.By(agent);

        Assert.Equal("pass", output.Status("dashboard-name"));
        Assert.Equal("warn", output.Status("dashboard-reachable"));
        Assert.Equal("pass", output.Line("dashboard-reachable", $"{MeshTestbed.DashboardAddress}:8443").Status);
        Assert.Equal("warn", output.Line("dashboard-reachable", $"{MeshTestbed.ThirdGateway}:8443").Status);
    }

    [Fact]
    public async Task UnreadableUrlIsReportedWithTheMessageOfTheDaemon()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        bed.Vm.SetHosts(("dashboard.example", MeshTestbed.DashboardAddress), ("dashboard.example", MeshTestbed.ThirdGateway));
        agent.WriteSettings(Settings("http://dashboard.example:8443"));
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("DashboardReachable", "True", "Degraded");

        var output = CheckReportReader.ByNobody(bed, agent.Root);

        output.Says("dashboard-answers", "warn", "the daemon reports: ", MeshTestbed.ThirdGateway);
        await agent.StopAsync();
        agent.Run("detach");
    }

    [Fact]
    public async Task RefusingPortIsReported()
    {
        await using var agent = new VmAgent(fixture.Bed);
        agent.WriteSettings(Settings($"http://{MeshTestbed.DashboardAddress}:8999"));

        var output = CheckReportReader.By(agent);

        Assert.Equal("fail", output.Status("dashboard-reachable"));
        Assert.Contains("refused the connection", output.Found("dashboard-reachable"), StringComparison.Ordinal);
        Assert.Equal("skipped", output.Status("dashboard-answers"));
    }

    [Fact]
    public async Task ServerThatIsNotADashboardIsReported()
    {
        await using var agent = new VmAgent(fixture.Bed);
        await using var other = await HttpStandIn.StartAsync(
            fixture.Bed, 8991, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        agent.WriteSettings(Settings(other.Url));

        var output = CheckReportReader.By(agent);

        Assert.Equal("pass", output.Status("dashboard-reachable"));
        Assert.Equal("fail", output.Status("dashboard-answers"));
        Assert.Contains("404", output.Found("dashboard-answers"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dashboard: { url: http://198.18.0.1:8443 }", "fail", "would send the bearer token in clear text")]
    [InlineData("dashboard: [", "fail", "agent.yaml")]
    [InlineData("dashbord: { url: x }", "warn", "dashbord")]
    public async Task InvalidSettingsAreReported(string yaml, string status, string found)
    {
        await using var agent = new VmAgent(fixture.Bed);
        agent.WriteSettings(yaml + "\n");

        var output = CheckReportReader.By(agent);

        Assert.Equal(status, output.Status("dashboard-settings"));
        Assert.Contains(found, output.Found("dashboard-settings"), StringComparison.Ordinal);
        Assert.Equal(status == "fail" ? "skipped" : "fail", output.Status("dashboard-configured"));
    }

    private static string Settings(string url) => $"""
        dashboard:
          url: {url}
          allowPlaintext: true
        workloadGroup:
          namespace: vm-integration
          name: analytics-v0

        """;
}
