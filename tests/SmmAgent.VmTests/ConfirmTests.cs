namespace SmmAgent.VmTests;

/// <summary>Changes without a confirmation are undone, so that an operator does not lose the SSH session.</summary>
public sealed class ConfirmTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    // Twice the shortest accepted time: a busy machine needs a part of it to finish the command.
    private static readonly string[] Unconfirmed = ["smm-agent", "reconcile", "--confirm-within", "20s"];

    [Fact]
    public async Task UnconfirmedAttachmentIsUndone()
    {
        await using var vm = await fixture.BootAsync();
        var before = vm.Rules();

        var output = vm.Run(Unconfirmed);

        Assert.Contains("✓ rollback is armed within=20s timer=smm-agent-rollback.timer\n", output, StringComparison.Ordinal);
        Assert.Contains("✓ smm-agent.service is started and ready\n", output, StringComparison.Ordinal);
        Assert.Contains("then: sudo smm-agent confirm", output, StringComparison.Ordinal);
        Assert.Contains("SMM-AGENT", vm.Rules(), StringComparison.Ordinal);
        await vm.UntilAsync(
            () => !vm.IsActive("smm-agent.service") && vm.Try("ls", "/var/lib/smm-agent-host/undo").ExitCode != 0, "it is rolled back");
        Assert.Equal(before, vm.Rules());
        Assert.Equal(
            (false, false, false),
            (vm.IsEnabled("smm-agent.service"), vm.IsActive("smm-agent-reconcile.path"), vm.IsActive("smm-agent-rollback.timer")));
        var (exitCode, late) = vm.Try("smm-agent", "confirm");
        Assert.Equal(1, exitCode);
        Assert.StartsWith("✗ no reconcile is waiting for confirmation", late, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnconfirmedChangeOfAnAttachedHostRestoresTheEarlierRules()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("smm-agent", "reconcile");
        vm.Run("systemctl", "stop", "smm-agent.service");
        vm.Run("sed", "-i", "$ a firewall: {managementPorts: [17000]}", "/etc/smm/agent.yaml");
        var before = vm.Rules();

        vm.Run(Unconfirmed);

        Assert.Contains("--dport 17000", vm.Rules(), StringComparison.Ordinal);
        await vm.UntilAsync(() => vm.Rules() == before && !vm.IsActive("smm-agent.service"), "it is rolled back");
        Assert.True(vm.IsEnabled("smm-agent.service"));
    }

    [Fact]
    public async Task DaemonThatRanBeforeIsStartedAgainAfterTheRollback()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("smm-agent", "reconcile");
        var process = vm.Property("smm-agent.service", "MainPID");

        vm.Run(Unconfirmed);

        await vm.UntilAsync(
            () => vm.IsActive("smm-agent.service") && vm.Property("smm-agent.service", "MainPID") != process,
            "the daemon was stopped and is up again");
        await vm.UntilAsync(() => vm.Try("ls", "/var/lib/smm-agent-host/undo").ExitCode != 0, "the rollback is done");
    }

    [Fact]
    public async Task ConfirmedChangeRemains()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("smm-agent", "reconcile", "--confirm-within", "1h");
        var rules = vm.Rules();
        // Before the confirmation a restart of the host does not start it again.
        Assert.False(vm.IsEnabled("smm-agent.service"));

        var (exitCode, refused) = vm.Try("smm-agent", "reconcile");
        Assert.Equal((1, "✗ an earlier reconcile is waiting for confirmation: sudo smm-agent confirm\n"), (exitCode, refused));
        var (planned, plan) = vm.Try("smm-agent", "reconcile", "--dry-run");
        Assert.Equal(0, planned);
        Assert.StartsWith("! an earlier reconcile is waiting for confirmation: until then this one is refused; sudo smm-agent confirm\n",
            plan, StringComparison.Ordinal);
        Assert.StartsWith(
            "! an earlier reconcile is waiting for confirmation: this one extends the wait; sudo smm-agent confirm\n",
            vm.Run("smm-agent", "reconcile", "--dry-run", "--confirm-within", "2m"),
            StringComparison.Ordinal);
        // A second run extends the wait, and keeps the first snapshot.
        vm.Run("smm-agent", "reconcile", "--confirm-within", "30m");
        var snapshot = vm.Run("cat", "/var/lib/smm-agent-host/undo");
        Assert.Equal("""{"format":1,"chains":{},"zones":{},"running":[]}""", snapshot.Replace(" ", "").ReplaceLineEndings(""));

        var confirmed = vm.Run("smm-agent", "confirm");

        Assert.EndsWith("✓ confirmed: the changes stay\n", confirmed, StringComparison.Ordinal);
        Assert.True(vm.IsEnabled("smm-agent.service"));
        Assert.Equal((false, ""), (vm.IsActive("smm-agent-rollback.timer"), vm.Run("ls", "/run/systemd/transient").Trim()));
        Assert.Equal(rules, vm.Rules());
        Assert.Equal(1, vm.Try("smm-agent", "confirm").ExitCode);
        Assert.Equal(0, vm.Try("smm-agent", "reconcile").ExitCode);
        Assert.DoesNotContain("confirm", vm.Run("smm-agent", "reconcile", "--dry-run"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SupportBundleHasTheStatesOfTransientUnits()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("smm-agent", "reconcile", "--confirm-within", "1h");

        vm.Run("smm-agent", "support-bundle", "--file", "/root/bundle.tar.gz");

        var states = vm.Run("tar", "-xzOf", "/root/bundle.tar.gz", "--wildcards", "*/systemd/status.txt");
        Assert.Matches(@"smm-agent-rollback\.timer - [^\n]*\n(?: +[^\n]*\n)*? +Active: active \(waiting\)", states);
        Assert.Contains("smm-agent-reconcile-request.service - ", states, StringComparison.Ordinal);
        Assert.Contains("smm-agent-rollback.service - ", states, StringComparison.Ordinal);
    }
}
