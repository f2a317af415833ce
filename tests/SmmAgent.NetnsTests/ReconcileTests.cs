using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary><c>smm-agent reconcile</c> where there is no systemd, as in a container.</summary>
public sealed class ReconcileTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Fact]
    public async Task ReconcileWithoutSystemdExplainsHowToStartTheDaemonByHand()
    {
        await using var agent = new VmAgent(fixture.Bed);

        var (exitCode, output) = agent.Run("reconcile");

        Assert.Equal(0, exitCode);
        Assert.Contains("! systemd is not available to run the daemon; start the daemon manually: smm-agent run\n", output,
            StringComparison.Ordinal);
        Assert.EndsWith("✓ reconciled host operating system\n", output, StringComparison.Ordinal);
        Assert.Equal(0, agent.Run("detach").ExitCode);
    }

    [Fact]
    public async Task ReconcileWithoutTheDashboardFailsUnlessTheLastGoodConfigurationSuffices()
    {
        const string FindCause = "without a mesh configuration from the dashboard; find the cause: sudo smm-agent check dashboard\n";
        const string NotAll = "✗ reconciled host operating system " + FindCause;
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        var ownState = Path.Combine(agent.Root, "var", "lib", "smm-agent-host");
        if (Directory.Exists(ownState))
            Directory.Delete(ownState, recursive: true);
        agent.WriteToken("somebody-elses-token");
        var refused = agent.Run("reconcile");
        agent.WriteToken(bed.Mesh.Token);

        await bed.StopDashboardAsync();
        var uncovered = agent.Run("reconcile");
        var planned = agent.Run("reconcile", "--dry-run");
        await bed.StartDashboardAsync();
        Assert.Equal(0, agent.Run("reconcile").ExitCode);
        await bed.StopDashboardAsync();
        var covered = agent.Run("reconcile");
        await bed.StartDashboardAsync();

        Assert.Equal((4, 1, 1, 0), (refused.ExitCode, uncovered.ExitCode, planned.ExitCode, covered.ExitCode));
        Assert.EndsWith("✗ the plan is not complete " + FindCause, planned.Output, StringComparison.Ordinal);
        Assert.EndsWith(NotAll, refused.Output, StringComparison.Ordinal);
        Assert.EndsWith(NotAll, uncovered.Output, StringComparison.Ordinal);
        Assert.EndsWith("✓ reconciled host operating system\n", covered.Output, StringComparison.Ordinal);
        Assert.Equal(0, agent.Run("detach").ExitCode);
    }

    [Fact]
    public async Task ConcurrentCommandsCreateOneUuid()
    {
        await using var agent = new VmAgent(fixture.Bed);
        var before = File.ReadAllText(Path.Combine(agent.ConfigFolder, "agent.yaml"));

        var outputs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => agent.Run("reconcile").Output)));

        var made = Assert.Single(
            outputs.SelectMany(output => output.Split('\n')), line => line.Contains("new uuid is generated", StringComparison.Ordinal));
        Assert.Equal($"{before}uuid: {made.Split("uuid=")[1]}\n", File.ReadAllText(Path.Combine(agent.ConfigFolder, "agent.yaml")));
        agent.Run("detach");
    }

    [Fact]
    public async Task ConfirmWithinWithoutSystemdIsRefusedBeforeAnyChange()
    {
        await using var agent = new VmAgent(fixture.Bed);
        var before = Firewall.Snapshot(fixture.Bed) + File.ReadAllText(Path.Combine(agent.ConfigFolder, "agent.yaml"));

        var reconcile = agent.Run("reconcile", "--confirm-within", "2m");
        var confirm = agent.Run("confirm");

        Assert.Equal((1, 1), (reconcile.ExitCode, confirm.ExitCode));
        Assert.StartsWith(
            "✗ --confirm-within needs systemd, because a systemd timer rolls the changes back: this host was not booted with systemd",
            Assert.Single(reconcile.Output.TrimEnd().Split('\n')),
            StringComparison.Ordinal);
        Assert.Equal(before, Firewall.Snapshot(fixture.Bed) + File.ReadAllText(Path.Combine(agent.ConfigFolder, "agent.yaml")));
    }

    [Fact]
    public async Task DryRunInCheckModePrintsTheSameRemediationsAsTheRun()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        agent.WriteSettings(await File.ReadAllTextAsync(
            Path.Combine(agent.ConfigFolder, "agent.yaml"), TestContext.Current.CancellationToken) + "firewall:\n  mode: check\n");
        using var firewall = new Checks.KeptFirewall(bed);

        var planned = LeftToOperator(agent.Run("reconcile", "--dry-run").Output);
        var leftToOperator = LeftToOperator(agent.Run("reconcile").Output);

        Assert.Equal(planned, leftToOperator);
        Assert.Equal(8, leftToOperator.Length); // four ports, two families
        foreach (var line in leftToOperator)
            bed.Vm.Run("sh", "-ec", line.Split("; run: ")[1].Replace("sudo ", "", StringComparison.Ordinal));
        Assert.Empty(LeftToOperator(agent.Run("reconcile").Output));
    }

    [Fact]
    public async Task DryRunReportsTheUuidThatWouldBeGenerated()
    {
        await using var agent = new VmAgent(fixture.Bed);
        agent.WriteSettings(await File.ReadAllTextAsync(
            Path.Combine(agent.ConfigFolder, "agent.yaml"), TestContext.Current.CancellationToken) + "firewall:\n  mode: off\n");

        var output = agent.Run("reconcile", "--dry-run").Output;

        Assert.Contains("❯ would generate uuid\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("nothing to do", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DryRunOfAnUnreadableConfigurationSuggestsSudo()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        File.SetUnixFileMode(bed.Folder, File.GetUnixFileMode(bed.Folder) | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(agent.ConfigFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var (exitCode, output) = bed.Vm.Try(
            "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", Programs.Agent, "--root", agent.Root, "reconcile",
            "--dry-run");

        Assert.Equal(3, exitCode);
        Assert.Equal(
            $"smm-agent: {agent.ConfigFolder}/agent.yaml: permission denied for user nobody; run: sudo smm-agent reconcile --dry-run\n",
            output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MissingSettingsAreReportedBeforeAnyChange(bool isDryRun)
    {
        await using var agent = new VmAgent(fixture.Bed);
        var config = Path.Combine(agent.ConfigFolder, "agent.yaml");
        var whole = await File.ReadAllTextAsync(config, TestContext.Current.CancellationToken);
        string[] command = isDryRun ? ["reconcile", "--dry-run"] : ["reconcile"];
        var before = Firewall.Snapshot(fixture.Bed);

        (int, string) Of(string settings)
        {
            agent.WriteSettings(settings);
            var (exitCode, output) = agent.Run(command);
            Assert.Equal(settings, File.ReadAllText(config)); // no uuid is made
            return (exitCode, output.TrimEnd('\n').Split('\n')[^1]);
        }

        Assert.Equal(
            (2, "✗ no WorkloadGroup is set: sudo smm-agent set workload-group NAMESPACE/NAME"),
            Of(whole[..whole.IndexOf("workloadGroup:", StringComparison.Ordinal)] + "sidecar: {mode: off}\n"));
        Assert.Equal(
            (2, "✗ no dashboard is set: sudo smm-agent set dashboard-url URL"),
            Of("workloadGroup: {namespace: vm-integration, name: analytics-v0}\n"));
        File.Delete(Path.Combine(agent.ConfigFolder, "bearer-token"));
        Assert.Equal(
            (2, $"✗ there is no bearer token in {agent.ConfigFolder}/bearer-token; set it: sudo smm-agent set bearer-token --stdin"),
            Of(whole));
        Assert.Equal(before, Firewall.Snapshot(fixture.Bed));
    }

    [Fact]
    public async Task PrivilegedReconcileContinuesWithoutAWorkloadGroup()
    {
        await using var agent = new VmAgent(fixture.Bed);
        agent.WriteSettings("dashboard:\n  url: https://smm.example.com\n");

        var (exitCode, output) = agent.Run("reconcile", "--host-only");

        Assert.Equal(0, exitCode);
        Assert.Contains("! no dashboard or no WorkloadGroup is set yet", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DryRunThatPrintsAFailureFails()
    {
        await using var agent = new VmAgent(fixture.Bed);
        var config = Path.Combine(agent.ConfigFolder, "agent.yaml");
        agent.WriteSettings((await File.ReadAllTextAsync(config, TestContext.Current.CancellationToken)).Replace(
            "mode: off", "mode: manage", StringComparison.Ordinal));

        var (exitCode, output) = agent.Run("reconcile", "--dry-run");

        Assert.Contains("\n✗ ", output, StringComparison.Ordinal);
        Assert.Equal(1, exitCode);
    }

    private static string[] LeftToOperator(string output) =>
        [.. output.Split('\n').Where(
            line => line.StartsWith("! left to you, because firewall.mode is check: ", StringComparison.Ordinal)
            || line.StartsWith('❯') && line.Contains("SMM-AGENT", StringComparison.Ordinal))];
}
