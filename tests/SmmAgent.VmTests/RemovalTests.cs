using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>The deb of an attached VM is removed, and purged.</summary>
public sealed class RemovalTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    [Theory, MemberData(nameof(Distribution.Debians), MemberType = typeof(Distribution))]
    public async Task RemovalKeepsTheConfigurationAndPurgeRemovesIt(string distribution)
    {
        await using var vm = await fixture.BootBareAsync(distribution);
        await fixture.StartWorkloadsAsync();
        vm.Install("iptables", "curl", "sudo", "hostname");
        var before = HostListing.From(vm);
        vm.InstallAgent(AgentPackage.Built);
        vm.Configure();
        vm.Run("smm-agent", "reconcile");
        await vm.UntilStatusAsync(BootedVm.Attached);
        Assert.Contains(
            HostListing.Changes(before, HostListing.From(vm)), change => change.EndsWith(" -j SMM-AGENT", StringComparison.Ordinal));
        // The removal needs no connection to the cluster.
        await fixture.Testbed.StopDashboardAsync();
        try
        {
            vm.RunAtMost(BootedVm.InstallPatience, "apt-get", "remove", "-y", "smm-agent");
        }
        finally
        {
            await fixture.Testbed.StartDashboardAsync();
        }

        Assert.False(fixture.Testbed.ClusterReaches(MeshTestbed.VmAddress, 8080));
        Assert.Equal([], Foreign(HostListing.Changes(before, HostListing.From(vm))));
        Assert.Equal("agent.yaml\nbearer-token\n", vm.Run("ls", "/etc/smm"));

        vm.RunAtMost(BootedVm.InstallPatience, "apt-get", "purge", "-y", "smm-agent");

        Assert.Equal([], HostListing.Changes(before, HostListing.From(vm)));
    }

    [Fact]
    public async Task ReinstalledAgentAttachesAsTheSameVm()
    {
        await using var vm = await fixture.BootAttachedAsync();
        var settings = vm.Run("sha256sum", "/etc/smm/agent.yaml", "/etc/smm/bearer-token");
        vm.RunAtMost(BootedVm.InstallPatience, "apt-get", "remove", "-y", "smm-agent");

        vm.InstallAgent(AgentPackage.Built);

        Assert.False(vm.IsActive("smm-agent.service"));
        vm.Run("smm-agent", "reconcile");
        await vm.UntilStatusAsync(BootedVm.Attached);
        await vm.UntilAsync(() => vm.Condition("ReachableFromCluster") == "True", "the dashboard knows it again");
        Assert.Equal(settings, vm.Run("sha256sum", "/etc/smm/agent.yaml", "/etc/smm/bearer-token"));
    }

    [Fact]
    public async Task RecreatedConfigurationFolderIsReadableToTheDaemon()
    {
        await using var vm = await fixture.BootBareAsync();
        vm.InstallAgent(AgentPackage.Built);
        vm.RunAtMost(BootedVm.InstallPatience, "apt-get", "remove", "-y", "smm-agent");

        vm.InstallAgent(AgentPackage.Built);

        Assert.Equal("root:smm-agent 750\n", vm.Run("stat", "-c", "%U:%G %a", "/etc/smm"));
    }

    // Removal keeps the configuration, the user who owns it and the key of the VM's uuid.
    private static string[] Foreign(IEnumerable<string> changes) =>
    [
        .. changes.Where(change => !change.Contains(" /etc/smm", StringComparison.Ordinal)
            && !change.Contains(" /var/lib/smm-agent", StringComparison.Ordinal)
            && !change.Contains("/etc/passwd", StringComparison.Ordinal) && !change.Contains("/etc/group", StringComparison.Ordinal)
            && !change.Contains("/etc/shadow", StringComparison.Ordinal) && !change.Contains("/etc/gshadow", StringComparison.Ordinal)),
    ];
}
