using System.Globalization;
using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>The clock of the VM compared with the time of the dashboard.</summary>
public sealed class ClockCheckTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Theory]
    [InlineData(0, "pass", "matches the dashboard's")]
    [InlineData(60, "warn", "behind the dashboard's")]
    [InlineData(-60, "warn", "ahead of the dashboard's")]
    [InlineData(10800, "fail", "is 3 h behind the dashboard's")]
    [InlineData(-864000, "fail", "is 10 days ahead of the dashboard's")]
    public async Task ClockDifferenceIsReported(int seconds, string status, string found)
    {
        await using var agent = new VmAgent(fixture.Bed);
        await using var dashboard = await HttpStandIn.StartAsync(fixture.Bed, 8992, Answer(seconds));
        agent.WriteSettings(Settings(dashboard.Url));

        var output = CheckReportReader.By(agent);

        Assert.Equal((status, "pass"), (output.Status("host-clock"), output.Status("dashboard-answers")));
        Assert.Contains(found, output.Found("host-clock"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenExpiryIsComparedWithTheDashboardClock()
    {
        await using var agent = new VmAgent(fixture.Bed);
        await using var dashboard = await HttpStandIn.StartAsync(fixture.Bed, 8993, Answer(7200));
        agent.WriteSettings(Settings(dashboard.Url));
        agent.WriteToken(ServiceAccountToken.Of("vm-integration", "default", TimeSpan.FromHours(1), TimeSpan.FromHours(100)));

        var output = CheckReportReader.By(agent);

        Assert.Equal(("fail", "pass"), (output.Status("host-clock"), output.Status("dashboard-token-claims")));
    }

    [Fact]
    public async Task DashboardWithoutADateSkipsTheClockCheck()
    {
        await using var agent = new VmAgent(fixture.Bed);
        await using var dashboard = await HttpStandIn.StartAsync(fixture.Bed, 8994, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        agent.WriteSettings(Settings(dashboard.Url));

        Assert.Equal("skipped", CheckReportReader.By(agent).Status("host-clock"));
    }

    private static string Answer(int seconds)
    {
        var date = (DateTimeOffset.UtcNow + TimeSpan.FromSeconds(seconds)).ToString("r", CultureInfo.InvariantCulture);
        return $"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
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
