using System.Text.RegularExpressions;
using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>The published agent as a daemon: attach, say so, stay attached.</summary>
public sealed class AttachTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Fact]
    public async Task FreshVmIsAttachedAndEveryMeshConditionBecomesTrue()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        agent.Start(new Dictionary<string, string> { ["WATCHDOG_USEC"] = "6000000" });

        foreach (var condition in (string[])[
            "ConfigCurrent", "DashboardReachable", "AddressKnown", "GatewaysReachable", "PortsOpen", "ReachableFromCluster"])
            await agent.UntilConditionAsync(condition, "True");

        foreach (var port in (int[])[16400, 16401])
        {
            Assert.True(bed.ClusterReaches(MeshTestbed.VmAddress, port));
            Assert.True(bed.ClusterReaches(MeshTestbed.VmAddressIPv6, port));
        }

        Assert.False(bed.ClusterReaches(MeshTestbed.VmAddress, 22));
        var status = agent.Status()!;
        Assert.Equal(MeshTestbed.VmAddress, (string?)status["address"]!["value"]);
        Assert.Equal(MeshTestbed.EchoUrl, (string?)status["address"]!["source"]);
        Assert.Equal(12, status["gateways"]!.AsArray().Count);
        Assert.All(status["gateways"]!.AsArray(), gateway => Assert.Equal("ok", (string?)gateway!["outcome"]));
        Assert.Equal([8080, 8082, 16400, 16401], status["ports"]!.AsArray().Select(port => (int)port!["port"]!).Order());
        Assert.All(status["ports"]!.AsArray(), port => Assert.True((bool?)port!["open"]));

        Assert.Equal(1, agent.Systemd!.Count("READY=1"));
        await agent.UntilAsync(
            () => agent.Systemd.Status.StartsWith(
                "Attached vm-integration/analytics-v0 as 198.18.0.100; 2/2 gateways", StringComparison.Ordinal),
                "STATUS= reports that the VM is attached");
        await agent.UntilAsync(() => agent.Systemd.Count("WATCHDOG=1") >= 2, "the watchdog is fed");
    }

    [Fact]
    public async Task SigtermEndsTheDaemonWithinTwoSecondsAndLeavesTheVmAttached()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilAsync(() => Firewall.Opens(bed, 8080) && Firewall.Opens(bed, 16400, "ip6tables-save"),
            "both families let the cluster in");

        var systemd = agent.Systemd!;
        var process = agent.Process!;
        var took = await process.StopAsync();

        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Equal(0, process.ExitCode);
        Assert.True(systemd.HasReceived("STOPPING=1"));
        Assert.True(Firewall.Opens(bed, 8080));
        Assert.True(Firewall.Opens(bed, 16400, "ip6tables-save"));
    }

    [Fact]
    public async Task SighupIsNotifiedAsAReloadWithItsTimeInTheSameDatagram()
    {
        await using var agent = new VmAgent(fixture.Bed);
        await agent.StartAndBeReadyAsync();

        agent.Process!.Signal(Signals.Hangup);

        await agent.UntilAsync(() => agent.Systemd!.Count("READY=1") == 2, "READY=1 after the reload");
        var reloading = Assert.Single(agent.Systemd!.Messages, message => message.Contains("RELOADING=1", StringComparison.Ordinal));
        Assert.Matches(new Regex(@"^MONOTONIC_USEC=\d{6,}$", RegexOptions.Multiline), reloading);
    }

    [Fact]
    public async Task EditOfAgentYamlTakesEffectAutomaticallyAndAnInvalidEditIsReported()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("ConfigCurrent", "True");
        await agent.UntilAsync(() => Firewall.Opens(bed, 16401), "16401 is open");
        var good = await File.ReadAllTextAsync(Path.Combine(agent.ConfigFolder, "agent.yaml"), TestContext.Current.CancellationToken);

        agent.WriteSettings(good + "firewall:\n  managementPorts: [16400, 70000]\n");
        await agent.UntilConditionAsync("ConfigCurrent", "False", "InvalidSettings");
        Assert.Contains("70000", agent.Condition("ConfigCurrent").Message, StringComparison.Ordinal);
        Assert.True(Firewall.Opens(bed, 16401));

        agent.WriteSettings(good + "firewall:\n  managementPorts: [16400, 16401, 16499]\n");
        await agent.UntilConditionAsync("ConfigCurrent", "True");
        await agent.UntilAsync(() => Firewall.Opens(bed, 16499), "16499 is open");
    }

    [Fact]
    public async Task UnconfiguredVmIsReadyAndReportsThatItIsNotConfigured()
    {
        await using var agent = new VmAgent(fixture.Bed);
        File.Delete(Path.Combine(agent.ConfigFolder, "agent.yaml"));

        await agent.StartAndBeReadyAsync();

        await agent.UntilConditionAsync("ConfigCurrent", "False", "NotConfigured");
    }

    [Fact]
    public async Task PortTakenByAnotherProgramIsReportedAndServedOnceItIsFree()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await using (var other = new TestbedProcess(bed.Vm.Inside("socat", "TCP6-LISTEN:16401,ipv6only=0,reuseaddr,fork", "/dev/null")))
        {
            await Until.TrueAsync(() => MeshTestbed.Reaches(bed.Vm, "127.0.0.1", 16401), "the other program listens",
                lastSeen: () => other.Output);
            await agent.StartAndBeReadyAsync();
            await agent.UntilAsync(() => agent.Process!.Output.Contains("16401", StringComparison.Ordinal), "the log names the port");
            Assert.Equal("ok", bed.Vm.Run("curl", "-fsS", "http://127.0.0.1:16400/healthz"));
        }

        await agent.UntilAsync(
            () => bed.Vm.Try("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:16401/metrics").Output == "503",
            "16401 says that there is no sidecar");
    }

    [Fact]
    public async Task TemporaryFilesOfAKilledDaemonAreRemoved()
    {
        await using var agent = new VmAgent(fixture.Bed);
        await agent.StartAndBeReadyAsync();
        agent.Process!.Signal(Signals.Kill);
        await agent.Process.WaitForExitAsync(Until.Patience);
        var state = Path.Combine(agent.Root, "var", "lib", "smm-agent");
        string[] leftovers = [Path.Combine(state, "mesh-config.json.0123.tmp"), agent.StatusFile + ".0123.tmp"];
        foreach (var path in leftovers)
            await File.WriteAllTextAsync(path, "{", TestContext.Current.CancellationToken);

        await agent.DisposeAsync();
        await agent.StartAndBeReadyAsync();

        Assert.All(leftovers, path => Assert.False(File.Exists(path), path));
        Assert.NotEmpty(Directory.GetFiles(state));
    }

    [Fact]
    public async Task SecondDaemonIsRefusedInOneLineAndTheFirstContinues()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();

        var (exitCode, output) = agent.Run("run");

        Assert.Equal(1, exitCode);
        Assert.Equal("smm-agent: the daemon is already running: systemctl status smm-agent", output.TrimEnd());
        Assert.Equal("ok", bed.Vm.Run("curl", "-fsS", "http://127.0.0.1:16400/healthz"));
    }

    [Fact]
    public async Task TokenIsAbsentFromEverythingThatTheAgentWrites()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        agent.Start(new Dictionary<string, string> { ["SMM_AGENT_LOG"] = "debug" });
        await agent.UntilConditionAsync("ReachableFromCluster", "True");
        var metrics = bed.Vm.Run("curl", "-fsS", "http://127.0.0.1:16400/metrics");
        var (_, status) = agent.Run("status", "--output", "json");

        var written = Directory.EnumerateFiles(agent.Root, "*", SearchOption.AllDirectories)
            // one that is being written goes
            .Where(file => Path.GetFileName(file) != "bearer-token" && !file.EndsWith(".tmp", StringComparison.Ordinal))
            .Select(File.ReadAllText);
        Assert.DoesNotContain(
            bed.Mesh.Token, string.Join('\n', [.. written, agent.Process!.Output, metrics, status, .. agent.Systemd!.Messages]),
            StringComparison.Ordinal);
        Assert.Contains("smm_agent_", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnprivilegedUserWithTheTwoNetworkCapabilitiesKeepsThePortsOpen()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        foreach (var folder in (string[])["run", "run/smm-agent", "var", "var/lib"])
            Directory.CreateDirectory(Path.Combine(agent.Root, folder));
        File.SetUnixFileMode(bed.Folder, File.GetUnixFileMode(bed.Folder) | UnixFileMode.OtherExecute);
        bed.Vm.Run("chown", "-R", "nobody", agent.Root);
        bed.Vm.Try("iptables", "-w", "-F", "SMM-AGENT"); // what other tests left is not this user's work

        using var program = new AgentForEveryone();
        await using var process = new TestbedProcess(bed.Vm.Inside(
            "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=+net_admin,+net_raw",
            "--ambient-caps=+net_admin,+net_raw",
            program.Path, "--root", agent.Root, "run"));

        await Until.TrueAsync(
            () => agent.Condition("PortsOpen").Status == "True" && Firewall.Opens(bed, 8080), "8080 is open",
            lastSeen: () => $"{agent.Status()}{process.Output}");
    }
}
