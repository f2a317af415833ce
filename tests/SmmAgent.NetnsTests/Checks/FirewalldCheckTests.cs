using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>A real firewalld whose zone keeps the ports shut, although iptables lets them in.</summary>
public sealed class FirewalldCheckTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    private static readonly string[] Subjects = ["16400 (agent)", "16401 (sidecar-metrics)", "8080 (http)", "8082 (grpc)"];

    [Fact]
    public async Task FirewalldZoneIsNamedAndItsCommandOpensThePort()
    {
        Assert.SkipUnless(RunningFirewalld.WhyNot is null, RunningFirewalld.WhyNot ?? "");
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        using var firewall = new KeptFirewall(bed);
        await using var firewalld = await RunningFirewalld.StartAsync(bed);

        var managed = Check();
        Assert.Contains("firewalld", managed.Line("ports-firewall").Found, StringComparison.Ordinal);
        Assert.All(Subjects, subject => Assert.Equal(
            new CheckedLine("warn", subject, "is blocked by firewalld's zone public; the agent will open it", "sudo smm-agent reconcile",
                null),
            managed.Line("ports-open", subject)));
        Assert.False(bed.ClusterReaches(MeshTestbed.VmAddress, 8080));

        agent.WriteSettings(await File.ReadAllTextAsync(
            Path.Combine(agent.ConfigFolder, "agent.yaml"), TestContext.Current.CancellationToken) + "firewall:\n  mode: check\n");
        var left = Check();
        foreach (var subject in Subjects)
        {
            var shut = left.Line("ports-open", subject);
            Assert.Equal(("fail", "is blocked by firewalld's zone public"), (shut.Status, shut.Found));
            Assert.Equal(0, firewalld.Try("sh", "-ec", shut.Command).ExitCode);
        }

        var opened = Check();
        Assert.All(Subjects, subject => Assert.Equal("pass", opened.Line("ports-open", subject).Status));
        await Until.TrueAsync(() => bed.ClusterReaches(MeshTestbed.VmAddress, 8080), "the cluster reaches 8080");

        CheckReportReader Check() => new(firewalld.Try(Programs.Agent, "--root", agent.Root, "check", "--output", "json"));
    }
}
