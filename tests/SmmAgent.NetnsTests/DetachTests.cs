using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>The published agent leaves the firewall as it was.</summary>
public sealed class DetachTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Fact]
    public async Task CheckModeChangesNothingAndReportsClosedPorts()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        agent.Run("detach");
        var before = Firewall.Snapshot(bed);
        agent.WriteSettings(await File.ReadAllTextAsync(
            Path.Combine(agent.ConfigFolder, "agent.yaml"), TestContext.Current.CancellationToken) + "firewall:\n  mode: check\n");

        await agent.StartAndBeReadyAsync();

        // Before the mesh configuration is here, only the agent's own ports are known.
        await agent.UntilAsync(
            () => agent.Condition("PortsOpen") is { Status: "False", Message: var message }
            && message.Contains("8080", StringComparison.Ordinal),
            "PortsOpen is False and names 8080");
        Assert.Equal(before, Firewall.Snapshot(bed));
    }

    [Fact]
    public async Task DetachRestoresTheFirewall()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        agent.Run("detach");
        var before = Firewall.Snapshot(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilAsync(() => Firewall.Opens(bed, 8080), "8080 is open");
        await agent.StopAsync();
        Assert.NotEqual(before, Firewall.Snapshot(bed));

        var (exitCode, output) = agent.Run("detach");

        Assert.True(exitCode == 0, output);
        Assert.Contains("SMM-AGENT", output, StringComparison.Ordinal);
        Assert.Equal(before, Firewall.Snapshot(bed));
    }

    [Fact]
    public async Task SavedRulesWithTheAgentsChainAreReportedAndTheFixKeepsPortsClosed()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilAsync(() => Firewall.Opens(bed, 8080), "8080 is open");
        await agent.StopAsync();
        var cancel = TestContext.Current.CancellationToken;
        (string File, string Command)[] saved =
            [("etc/iptables/rules.v4", "iptables-save"), ("etc/sysconfig/ip6tables", "ip6tables-save"),
                ("etc/nftables.conf", "nft list ruleset")];
        foreach (var (file, command) in saved)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(agent.Root, file))!);
            await File.WriteAllTextAsync(Path.Combine(agent.Root, file), bed.Vm.Run(command.Split(' ')), cancel);
        }

        Directory.CreateDirectory(Path.Combine(agent.Root, "etc/ufw"));
        await File.WriteAllTextAsync(Path.Combine(agent.Root, "etc/ufw/user.rules"), "*filter\nCOMMIT\n", cancel);
        var warned = Checks.CheckReportReader.By(agent).Lines("ports-firewall").Where(line => line.Status == "warn")
            .Select(line => line.Found).ToList();
        var (exitCode, output) = agent.Run("detach");

        Assert.True(exitCode == 0, output);
        foreach (var (file, _) in saved)
        {
            Assert.Contains(warned, line => line.StartsWith(Path.Combine(agent.Root, file), StringComparison.Ordinal));
            Assert.Contains($"! {Path.Combine(agent.Root, file)} was saved with the agent's chain", output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("user.rules", output, StringComparison.Ordinal);
        var rules = Path.Combine(agent.Root, saved[0].File);
        bed.Vm.Run("sed", "-i", "--follow-symlinks", "/SMM-AGENT/d", rules);
        bed.Vm.Run("iptables-restore", rules);
        Assert.DoesNotContain("SMM-AGENT", Firewall.Filter(bed), StringComparison.Ordinal);
        bed.DropByDefault();
    }

    [Fact]
    public async Task DamagedSidecarRecordIsReportedAndDetachRemovesTheRest()
    {
        await using var agent = new VmAgent(fixture.Bed);
        Assert.Equal(0, agent.Run("detach").ExitCode);
        Directory.CreateDirectory(Path.Combine(agent.Root, "var/lib/smm-agent-host"));
        var record = Path.Combine(agent.Root, "var/lib/smm-agent-host/before-attach.json");
        await File.WriteAllTextAsync(record, "{\"version\":", TestContext.Current.CancellationToken);

        var (exitCode, output) = agent.Run("detach");

        Assert.True(exitCode == 0, output);
        Assert.Contains($"! {record} is damaged", output, StringComparison.Ordinal);
        Assert.EndsWith("✓ detached\n", output, StringComparison.Ordinal);
        Assert.False(File.Exists(record));
    }

    [Fact]
    public async Task DetachAndSecondDaemonAreRefusedWhileTheDaemonRuns()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilAsync(() => Firewall.Opens(bed, 8080), "8080 is open");

        var detach = agent.Run("detach");
        var second = agent.Run("run");

        Assert.Equal((1, 1), (detach.ExitCode, second.ExitCode));
        Assert.Contains("a daemon that systemd did not start is running and would restore every change", detach.Output,
            StringComparison.Ordinal);
        Assert.Contains("the daemon is already running", second.Output, StringComparison.Ordinal);
        Assert.True(Firewall.Opens(bed, 8080));
        Assert.NotNull(agent.Status());
    }
}
