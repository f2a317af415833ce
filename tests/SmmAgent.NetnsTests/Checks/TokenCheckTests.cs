using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>The bearer token: there or not, what it says of itself, what the dashboard says of it.</summary>
public sealed class TokenCheckTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task MissingMalformedAndWorldReadableTokensAreReported()
    {
        await using var agent = new VmAgent(fixture.Bed);
        var file = Path.Combine(agent.ConfigFolder, "bearer-token");

        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        var open = CheckReportReader.By(agent);
        agent.WriteToken("two words");
        var none = CheckReportReader.By(agent);
        File.Delete(file);
        var missing = CheckReportReader.By(agent);

        Assert.Equal("warn", open.Status("dashboard-token"));
        Assert.Equal($"sudo chmod 0640 {file}", open.Fix("dashboard-token"));
        Assert.Equal("fail", none.Status("dashboard-token"));
        Assert.Equal("fail", missing.Status("dashboard-token"));
        Assert.Equal("sudo smm-agent set bearer-token --stdin", missing.Fix("dashboard-token"));
        Assert.Equal("skipped", missing.Status("dashboard-token-accepted"));
    }

    [Fact]
    public async Task TokenThatTheDashboardRefusesFails()
    {
        await using var agent = new VmAgent(fixture.Bed);
        agent.WriteToken("somebody-elses-token");

        var output = CheckReportReader.By(agent);

        Assert.Equal("skipped", output.Status("dashboard-token-claims"));
        Assert.Equal("fail", output.Status("dashboard-token-accepted"));
        Assert.StartsWith("the dashboard refused the bearer token (TokenUnknown) and says: ", output.Found("dashboard-token-accepted"),
            StringComparison.Ordinal);
        Assert.EndsWith("printf %s \"$TOKEN\" | sha256sum", output.Found("dashboard-token-accepted"), StringComparison.Ordinal);
        Assert.Equal("follow the answer of the dashboard", output.Fix("dashboard-token-accepted"));
        Assert.DoesNotContain("somebody-elses-token", output.Text, StringComparison.Ordinal);
        Assert.Equal(1, output.ExitCode);
    }

    [Theory]
    [InlineData("vm-integration", -2.0, -1.0, "the token expired at", "kubectl create token -n vm-integration")]
    [InlineData("vm-integration", 1.0, 2.0, "the token is not valid before", "bearer-token")]
    [InlineData("another-team", -1.0, 100.0, "is of the namespace 'another-team', but the WorkloadGroup's is 'vm-integration'",
        "bearer-token")]
    public async Task InvalidTokenIsReportedAndNotSent(string @namespace, double from, double to, string found, string fix)
    {
        await using var agent = new VmAgent(fixture.Bed);
        agent.WriteToken(ServiceAccountToken.Of(@namespace, "default", from * Hour, to * Hour));

        var output = CheckReportReader.By(agent);

        Assert.Equal("fail", output.Status("dashboard-token-claims"));
        Assert.Contains(found, output.Found("dashboard-token-claims"), StringComparison.Ordinal);
        Assert.Contains(fix, output.Fix("dashboard-token-claims"), StringComparison.Ordinal);
        // The dashboard would have refused it, but was not asked.
        Assert.Equal("skipped", output.Status("dashboard-token-accepted"));
        Assert.Contains("was not sent", output.Found("dashboard-token-accepted"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("default", 100.0, "pass", "service account vm-integration/default, expires at")]
    [InlineData("default", 0.5, "warn", "soon for a VM that should stay attached")]
    [InlineData("another", 100.0, "fail", "is of the service account 'another', but the WorkloadGroup's is 'default'")]
    public async Task TokenIsComparedWithTheServiceAccountOfTheWorkloadGroup(string account, double hours, string status, string found)
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        var before = bed.Mesh.Token;
        bed.Mesh.Token = ServiceAccountToken.Of("vm-integration", account, -Hour, hours * Hour);
        agent.WriteToken(bed.Mesh.Token);
        bed.Mesh.Write();
        try
        {
            var output = await CheckReportReader.UntilAsync(agent, "dashboard-token-accepted", "pass");

            Assert.Equal(status, output.Status("dashboard-token-claims"));
            Assert.Contains(found, output.Found("dashboard-token-claims"), StringComparison.Ordinal);
        }
        finally
        {
            bed.Mesh.Token = before;
            bed.Mesh.Write();
        }
    }
}
