namespace SmmAgent.VmTests;

/// <summary>
/// Two VMs from one disk, with one /etc/machine-id: the dashboard detects both, both agents report it, and the reported fix works.
/// </summary>
public sealed class DuplicateIdentityTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    private const string Daemon = "smm-agent.service";
    private const string Remediation = "tr -d - </proc/sys/kernel/random/uuid | sudo tee /etc/machine-id; sudo smm-agent reconcile";
    private const string Duplicate = "False DuplicateIdentity: two hosts report under this VM's uuid and key (";

    private static readonly TimeSpan Minutes = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task DuplicateIdentityIsReportedOnBothHostsAndFixedByTheRemediation()
    {
        VmDisk disk;
        Guid uuid;
        await using (var original = await fixture.BootAttachedAsync())
        {
            uuid = CopyTests.UuidOf(original);
            disk = await original.PowerOffAsync();
        }

        using var template = disk;
        await using var first = await fixture.BootCopyAsync(disk, name: "smm-first");
        await first.UntilConditionAsync("ReachableFromCluster", "True Reached", Minutes);
        await StopAsync(first);
        await using var second = await fixture.BootCopyAsync(disk, name: "smm-second");
        Assert.Equal(first.Run("cat", "/etc/machine-id"), second.Run("cat", "/etc/machine-id"));
        // To the dashboard the second one is the first one after a boot, until the first one reports again.
        await second.UntilConditionAsync("ReachableFromCluster", "True Reached", Minutes);
        await StopAsync(second);

        first.Run("systemctl", "start", Daemon);
        Assert.EndsWith($"on the one that is a copy: {Remediation}",
            await first.UntilConditionAsync("ReachableFromCluster", Duplicate, Minutes),
            StringComparison.Ordinal);
        await StopAsync(first);
        second.Run("systemctl", "start", Daemon);
        await second.UntilConditionAsync("ReachableFromCluster", Duplicate, Minutes);

        Assert.Contains("\"hostname\":\"smm-first\"", fixture.Testbed.Reports()[uuid], StringComparison.Ordinal);
        Assert.Single(
            fixture.Testbed.Dashboard!.Lines, line => line.Contains($"Two hosts report as agent {uuid} of ", StringComparison.Ordinal));
        Assert.Contains("smm-first at 198.18.0.100 and smm-second at 198.18.0.100", second.ConditionText("ReachableFromCluster"),
            StringComparison.Ordinal);
        Assert.Contains(Remediation, second.Run("smm-agent", "status", "--verbose"), StringComparison.Ordinal);
        Assert.Contains(Remediation, second.Try("smm-agent", "check", "--verbose").Output, StringComparison.Ordinal);

        var daemon = second.Property(Daemon, "MainPID");
        second.RunLine(Remediation);

        await second.UntilConditionAsync("ReachableFromCluster", "True Reached", Minutes);
        Assert.Equal(daemon, second.Property(Daemon, "MainPID"));
        var own = CopyTests.UuidOf(second);
        Assert.NotEqual(uuid, own);
        Assert.Contains("\"hostname\":\"smm-second\"", fixture.Testbed.Reports()[own], StringComparison.Ordinal);

        second.Run("systemctl", "restart", Daemon);
        await second.UntilConditionAsync("ReachableFromCluster", "True Reached", Minutes);
        await StopAsync(second);
        first.Run("systemctl", "start", Daemon);
        await first.UntilConditionAsync("ReachableFromCluster", "True Reached", Minutes);
        Assert.Equal(uuid, CopyTests.UuidOf(first));
        Assert.Contains(
            fixture.Testbed.Dashboard!.Lines,
            line => line.Contains($"Only one host reports as agent {uuid} of ", StringComparison.Ordinal));
    }

    // Only one of them can have the ports: the two share the testbed's network.
    private static async Task StopAsync(BootedVm vm)
    {
        vm.Run("systemctl", "stop", Daemon);
        await vm.UntilAsync(() => vm.ConditionText("ReachableFromCluster").Length == 0, "its status is gone");
    }
}
