using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>What happens to the published agent's rules when others work on the same firewall.</summary>
public sealed class RepairTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    // In one transaction, so that the answers of the dashboard are never dropped: without them each command waits for its timeouts.
    private const string FlushWithoutOutage =
        @"printf '*filter\n-F\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\nCOMMIT\n' "
        + "| iptables-restore -w --noflush";

    // Each is one transaction: between two, the agent may have repaired the first.
    public static TheoryData<string> Damages => new(
        "iptables -w -F SMM-AGENT",
        "iptables -w -D INPUT 1",
        @"printf '*filter\n-F SMM-AGENT\n-D INPUT 1\n-X SMM-AGENT\nCOMMIT\n' | iptables-restore -w --noflush",
        "iptables -w -I INPUT -p tcp --dport 8080 -j DROP",
        "iptables -w -A INPUT -j SMM-AGENT",
        "nft flush chain ip filter SMM-AGENT");

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task DamageIsRepairedAtOnce(string damage)
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilAsync(() => Firewall.Opens(bed, 8080), "8080 is open");

        bed.Vm.Run("sh", "-c", damage);

        await agent.UntilAsync(
            () => Firewall.Opens(bed, 8080) && FirstRuleOfInput(bed).EndsWith("-j SMM-AGENT", StringComparison.Ordinal),
            "the rules are back");
        bed.Vm.Try("iptables", "-w", "-D", "INPUT", "-p", "tcp", "--dport", "8080", "-j", "DROP");
    }

    [Fact]
    public async Task BanAboveTheJumpStaysDuringRepairs()
    {
        const string Ban = "-s 203.0.113.66/32 -p tcp -m tcp --dport 8080 -j DROP";
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilAsync(() => Firewall.Opens(bed, 8080), "8080 is open");
        bed.Vm.Run(["iptables", "-w", "-I", "INPUT", .. Ban.Split(' ')]);
        try
        {
            bed.Vm.Run("iptables", "-w", "-F", "SMM-AGENT");
            await agent.UntilAsync(() => Firewall.Filter(bed)
                .Contains("-A SMM-AGENT -p tcp -m tcp --dport 8080 ", StringComparison.Ordinal), "the rules are back");

            Assert.Equal("-A INPUT " + Ban, FirstRuleOfInput(bed));
            Assert.True(bed.ClusterReaches(MeshTestbed.VmAddress, 8080));
        }
        finally
        {
            bed.Vm.Run(["iptables", "-w", "-D", "INPUT", .. Ban.Split(' ')]);
        }
    }

    [Fact]
    public async Task RuleOfNftThatIptablesCannotShowCausesNoEndlessWrites()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilAsync(() => Firewall.Opens(bed, 8080), "8080 is open");
        bed.Vm.Run("nft", "insert", "rule", "ip", "filter", "INPUT", "ct", "state", "invalid", "drop");
        try
        {
            Assert.Contains("is incompatible, use 'nft' tool", bed.Vm.Run("iptables-save", "-t", "filter"), StringComparison.Ordinal);
            await agent.UntilAsync(() => Chain().Contains("tcp dport 15006 ct original proto-dst 8080 accept", StringComparison.Ordinal),
                "the chain is in nft's words");
            bed.Vm.Run("nft", "flush", "chain", "ip", "filter", "SMM-AGENT");
            await agent.UntilAsync(() => Chain().Contains("tcp dport 8080 accept", StringComparison.Ordinal), "the rules are back");
            await agent.UntilConditionAsync("PortsOpen", "True");
            Assert.Equal(1, bed.Vm.Run("nft", "list", "chain", "ip", "filter", "INPUT").Split("jump SMM-AGENT").Length - 1);
            Assert.True(bed.ClusterReaches(MeshTestbed.VmAddress, 8080));
            await agent.StopAsync();

            var (exitCode, output) = agent.Run("detach");

            Assert.True(exitCode == 0, output);
            Assert.DoesNotContain("SMM-AGENT", bed.Vm.Run("nft", "list", "ruleset"), StringComparison.Ordinal);
        }
        finally
        {
            var rule = bed.Vm.Run("nft", "-a", "list", "chain", "ip", "filter", "INPUT").Split('\n')
                .First(line => line.Contains("ct state invalid drop", StringComparison.Ordinal));
            bed.Vm.Run("nft", "delete", "rule", "ip", "filter", "INPUT", "handle", rule.Split(' ')[^1]);
        }

        string Chain() => bed.Vm.Run("nft", "list", "chain", "ip", "filter", "SMM-AGENT");
    }

    [Fact]
    public async Task DecidingSetOfAForeignTableIsRead()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("PortsOpen", "True");
        bed.Vm.Run(
            "nft",
            "table inet site { set web { type inet_service; }; chain in { type filter hook input priority 10; policy drop; ct state "
                + "established,related accept; tcp dport @web accept; }; }");
        try
        {
            await agent.UntilConditionAsync("PortsOpen", "False", "BlockedByAnotherTable");

            bed.Vm.Run("nft", "add element inet site web { 8080, 8082, 16400, 16401 }");

            await agent.UntilConditionAsync("PortsOpen", "True");
        }
        finally
        {
            bed.Vm.Run("nft", "delete", "table", "inet", "site");
        }
    }

    [Fact]
    public async Task DamageIsRepairedInTheLegacyBackend()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        var path = $"{LegacyCommands(bed)}:{Environment.GetEnvironmentVariable("PATH")}";
        agent.Start(new Dictionary<string, string> { ["PATH"] = path });
        await agent.UntilAsync(() => Firewall.Opens(bed, 8080, "iptables-legacy-save"), "8080 is open in the legacy tables");

        bed.Vm.Run("iptables-legacy", "-w", "-D", "INPUT", "1");

        await agent.UntilAsync(() => Firewall.Opens(bed, 8080, "iptables-legacy-save"), "the rules are back");
        await agent.StopAsync();
        bed.Vm.Run("iptables-legacy", "-w", "-F");
        bed.Vm.Run("iptables-legacy", "-w", "-X");
    }

    [Fact]
    public async Task DaemonAndSixConcurrentCommandsLeaveExactlyOneRuleSet()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("ConfigCurrent", "True");
        await agent.UntilAsync(() => Firewall.Opens(bed, 8080), "8080 is open");
        Assert.Equal(0, agent.Run("reconcile").ExitCode);
        var whole = Rules();

        for (var round = 0; round < 5; round++)
        {
            bed.Vm.Run("sh", "-c", FlushWithoutOutage);
            await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Until.TrueAsync(() => Task.Run(Reconciled), "reconcile has the lock")));
            await agent.UntilAsync(() => Firewall.Jumps(bed) == 1 && Rules().SequenceEqual(whole), "one jump, and the rules as before");
        }

        // A command that waited 5 s for the lock fails, and is run again.
        bool Reconciled()
        {
            var (exitCode, output) = agent.Run("reconcile");
            Assert.True(exitCode == 0 || output.Contains("another smm-agent has held", StringComparison.Ordinal), output);
            return exitCode == 0;
        }

        string[] Rules() =>
            [.. Firewall.Filter(bed).Split('\n').Where(line => line.StartsWith("-A SMM-AGENT", StringComparison.Ordinal)).Order()];
    }

    [Fact]
    public async Task OnlyPortsOfTheWorkloadGroupReachEnvoyWithACapture()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await using var envoy = new TestbedProcess(bed.Vm.Inside("python3", "-m", "http.server", "15006"));
        await agent.StartAndBeReadyAsync();
        await agent.UntilAsync(() => Firewall.Opens(bed, 8080), "8080 is open");
        bed.Vm.Run(
            "iptables", "-w", "-t", "nat", "-A", "PREROUTING", "-p", "tcp", "-m", "multiport", "!", "--dports",
            "22,15020,15021,15090,16400,16401",
            "-j", "REDIRECT", "--to-ports", "15006");
        try
        {
            await agent.UntilAsync(() => bed.ClusterReaches(MeshTestbed.VmAddress, 8080), "8080 reaches Envoy");
            Assert.True(bed.ClusterReaches(MeshTestbed.VmAddress, 8082));
            Assert.True(bed.ClusterReaches(MeshTestbed.VmAddress, 16400));
            Assert.False(bed.ClusterReaches(MeshTestbed.VmAddress, 9999));
            Assert.False(bed.ClusterReaches(MeshTestbed.VmAddress, 15006));
        }
        finally
        {
            bed.Vm.Run("iptables", "-w", "-t", "nat", "-F");
        }
    }

    [Fact]
    public async Task TooLargeAgentYamlIsReportedInOneLine()
    {
        await using var agent = new VmAgent(fixture.Bed);
        agent.WriteSettings(new string('#', 100_000));

        var (exitCode, output) = agent.Run("reconcile", "--dry-run");

        Assert.Equal(2, exitCode);
        Assert.Contains("agent.yaml is larger than 65536 bytes", Assert.Single(output.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    // PATH selects the iptables of the host: here, the legacy ones under the plain names.
    private static string LegacyCommands(MeshTestbed bed)
    {
        var folder = Directory.CreateDirectory(Path.Combine(bed.Folder, "legacy")).FullName;
        foreach (var family in (string[])["iptables", "ip6tables"])
        {
            foreach (var tool in (string[])["", "-save", "-restore"])
            {
                var link = Path.Combine(folder, family + tool);
                if (!File.Exists(link))
                    File.CreateSymbolicLink(link, $"/usr/sbin/{family}-legacy{tool}");
            }
        }

        return folder;
    }

    private static string FirstRuleOfInput(MeshTestbed bed) =>
        Firewall.Filter(bed).Split('\n').First(line => line.StartsWith("-A INPUT", StringComparison.Ordinal)).TrimEnd();
}
