using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>
/// The rpm, on a system with dnf: what it requires comes from a repository of packages that provide the names, for the rest of the system
/// is Debian's.
/// </summary>
public sealed class RpmTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    private const string Unit = "smm-agent.service";

    [Fact]
    public async Task DnfInstallsUpgradesAndRemovesTheAgentWhileTheVmStaysAttached()
    {
        await using var vm = await fixture.BootBareAsync(Distribution.Rpm);
        await fixture.StartWorkloadsAsync();
        var repository = RpmRepository.Make(fixture.Testbed.Folder, AgentPackage.Built.Rpm);
        repository.AddTo(vm);
        vm.RunAtMost(BootedVm.InstallPatience, "dnf", "-y", "install", "system");
        var before = HostListing.From(vm);

        vm.RunAtMost(BootedVm.InstallPatience, "dnf", "-y", "install", "smm-agent");

        Assert.Equal((false, false), (vm.IsActive(Unit), vm.IsEnabled(Unit)));
        vm.Configure();
        vm.Run("smm-agent", "reconcile");
        await vm.UntilStatusAsync(BootedVm.Attached);
        await using (var probe = await ConnectionProbe.StartAsync(fixture.Testbed, 8080))
        {
            var process = vm.Property(Unit, "MainPID");
            repository.Add(fixture.NewerPackage.Rpm);
            repository.AddTo(vm);

            vm.RunAtMost(BootedVm.InstallPatience, "dnf", "-y", "upgrade", "smm-agent");

            Assert.Equal(AgentPackage.NewerVersion, vm.Run("rpm", "-q", "--qf", "%{VERSION}", "smm-agent"));
            Assert.NotEqual(process, vm.Property(Unit, "MainPID"));
            Assert.Equal((true, true), (vm.IsActive(Unit), vm.IsEnabled(Unit)));
            await vm.UntilStatusAsync(BootedVm.Attached);
            await probe.MoreAsync();
            Assert.Equal(0, probe.Lost);
        }

        vm.RunAtMost(BootedVm.InstallPatience, "dnf", "-y", "remove", "smm-agent");

        Assert.False(fixture.Testbed.ClusterReaches(MeshTestbed.VmAddress, 8080));
        Assert.Equal([], HostListing.Changes(before, HostListing.From(vm)).Where(change => !IsKept(change)));
        Assert.Equal("agent.yaml\nbearer-token\n", vm.Run("ls", "/etc/smm"));
    }

    // An rpm has no purge: the configuration remains, with its owner and the key of the VM's uuid.
    private static bool IsKept(string change) =>
        ((string[])[" /etc/smm", " /var/lib/smm-agent", "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"])
            .Any(path => change.Contains(path, StringComparison.Ordinal));
}
