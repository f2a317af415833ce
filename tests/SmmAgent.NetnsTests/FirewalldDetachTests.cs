using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary><c>smm-agent detach</c> where a real firewalld has rules of the agent's.</summary>
public sealed class FirewalldDetachTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Fact]
    public async Task DetachExecutesThePlanOfItsDryRunInFirewalld()
    {
        Assert.SkipUnless(RunningFirewalld.WhyNot is null, RunningFirewalld.WhyNot ?? "");
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        using var firewall = new Checks.KeptFirewall(bed);
        await using var firewalld = await RunningFirewalld.StartAsync(bed);
        Assert.Contains("✓ firewalld: open 8080, 8082, 16400, 16401 in zone public\n", Agent("reconcile").Output, StringComparison.Ordinal);
        var opened = Zone();

        var planned = Agent("detach", "--dry-run");

        Assert.Equal(0, planned.ExitCode);
        Assert.EndsWith("❯ firewalld: close 16400, 16401, 8080, 8082 in zone public\n", planned.Output, StringComparison.Ordinal);
        Assert.Equal(opened, Zone());

        Assert.EndsWith("✓ detached\n", Agent("detach").Output, StringComparison.Ordinal);
        Assert.DoesNotContain("priority=\"16400\"", Zone(), StringComparison.Ordinal);
        Assert.Equal((0, "✓ nothing to remove\n"), Agent("detach", "--dry-run"));

        (int ExitCode, string Output) Agent(params string[] arguments) =>
            firewalld.Try([Programs.Agent, "--root", agent.Root, .. arguments]);

        string Zone() =>
            firewalld.Try("firewall-cmd", "--zone=public", "--list-rich-rules").Output
            + firewalld.Try("firewall-cmd", "--permanent", "--zone=public", "--list-rich-rules").Output;
    }
}
