using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.VmTests;

/// <summary>A change of the sidecar is applied completely or not at all, also if it is interrupted.</summary>
public sealed class SidecarTransactionTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string AtWork = "/run/at-work";
    private const string SlowDpkg = $"echo 'pre-invoke=touch {AtWork}; sleep 3' >/etc/dpkg/dpkg.cfg.d/slow";

    private const string RolledBack = "✗ sidecar setup failed; its changes were rolled back\n";

    private static readonly TimeSpan Minutes = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task FailedTransactionRestoresTheHost()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("touch", "/etc/certs");
        Fails("✗ install istio-sidecar 1.15.3: ", RolledBack);
        vm.Run("rm", "/etc/certs");

        vm.Run("mount", "--bind", "/etc/hosts", "/etc/hosts");
        vm.Run("mount", "-o", "remount,bind,ro", "/etc/hosts");
        Fails("✗ write /etc/hosts: ", RolledBack);
        vm.Run("umount", "/etc/hosts");

        // A link of another user would make root write a token into /etc.
        vm.Run("install", "-d", "-o", "smm-agent", "/run/secrets");
        vm.Run("sudo", "-u", "smm-agent", "ln", "-s", "/etc", "/run/secrets/tokens");
        Fails("✗ the sidecar is not installed or started: ", "secrets/tokens", isPutBack: false);
        Assert.NotEqual(0, vm.Try("ls", "/etc/istio-token").ExitCode);
        vm.Run("rm", "/run/secrets/tokens");
        // It would capture the agent's requests to the dashboard, also those for a token.
        Assert.Empty(new StandInSidecar(fixture.Testbed, vm).Starts);

        Assert.Contains("workloadentry is registered successfully\n", vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile"),
            StringComparison.Ordinal);

        string Fails(string step, string expected, bool isPutBack = true)
        {
            var before = HostListing.From(vm);
            var (exitCode, output) = vm.Try(BootedVm.InstallPatience, "smm-agent", "reconcile", "--host-only");
            Assert.True(exitCode == 1, output);
            Assert.All((string[])[step, expected], text => Assert.True(output.Contains(text, StringComparison.Ordinal), output));
            if (isPutBack)
                Assert.Equal("", string.Join('\n', HostListing.Changes(before, HostListing.From(vm)).Where(SidecarAttachTests.IsForeign)));
            return output;
        }
    }

    [Fact]
    public async Task StoppedPrivilegedReconcileWaitsForThePackageManagerAndTheNextOneFinishes()
    {
        await using var vm = await fixture.BootAsync();
        await fixture.StartWorkloadsAsync();
        vm.Run("sh", "-c", SlowDpkg);
        vm.Run("systemctl", "start", "--no-block", "smm-agent-reconcile.service");
        await vm.UntilAsync(() => vm.Try("ls", AtWork).ExitCode == 0, "dpkg is at work");

        vm.RunAtMost(BootedVm.InstallPatience, "systemctl", "stop", "smm-agent-reconcile.service");

        Assert.Equal("", vm.Run("dpkg", "--audit"));
        Assert.Equal("install ok installed", vm.Run("dpkg-query", "-W", "-f", "${Status}", "istio-sidecar"));
        Assert.Contains(
            "interrupted; the next reconcile continues from here",
            vm.Run("journalctl", "--no-pager", "-o", "cat", "-u", "smm-agent-reconcile.service"),
            StringComparison.Ordinal);
        Assert.False(vm.IsActive(StandInSidecar.Unit));
        Assert.NotEqual(0, vm.Try("ls", SidecarFiles.ClusterEnvironment).ExitCode);

        vm.Run("rm", "/etc/dpkg/dpkg.cfg.d/slow");
        var output = vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");
        Assert.Contains("✓ start istio.service\n", output, StringComparison.Ordinal);
        Assert.Contains("workloadentry is registered successfully\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RebootDuringAnUpgradeEndsWithTheNewVersion()
    {
        await using var vm = await fixture.BootMemberAsync();
        vm.Run("sh", "-c", SlowDpkg);
        try
        {
            fixture.Offer(SidecarPackages.NewerVersion);
            await vm.UntilAsync(() => vm.Try("ls", AtWork).ExitCode == 0, "dpkg is at work");

            await vm.RebootAsync();

            await vm.UntilConditionAsync("SidecarInstalled", "True Installed: istio-sidecar 1.15.4 is installed", Minutes);
            await vm.UntilConditionAsync("Registered", "True ", Minutes);
            await vm.UntilConditionAsync("SidecarCurrent", "True Current");
            Assert.Equal("", vm.Run("dpkg", "--audit"));
        }
        finally
        {
            fixture.Offer(SidecarPackages.Version);
        }
    }

    [Fact]
    public async Task KilledReconcileIsFinishedByTheNextOneAndLeavesNoTraceAfterDetach()
    {
        await using var vm = await fixture.BootAsync();
        await fixture.StartWorkloadsAsync();
        var before = HostListing.From(vm);

        // Downloaded; unpacked; between the files and the start.
        foreach (var file in (string[])["/var/cache/smm-agent/verified", "/usr/local/bin/pilot-agent", "/etc/smm/sidecar/cluster.env"])
            KillAt(file);
        Assert.Equal("inactive", vm.Property(StandInSidecar.Unit, "ActiveState"));

        var output = vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");

        Assert.Contains("✓ start istio.service\n", output, StringComparison.Ordinal);
        Assert.EndsWith("✓ reconciled host operating system\n", output, StringComparison.Ordinal);
        await vm.UntilConditionAsync("SidecarRunning", "True Running");
        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "detach");
        var left = string.Join('\n', HostListing.Changes(before, HostListing.From(vm)).Where(SidecarAttachTests.IsForeign));
        Assert.True(left.Length == 0, $"{left}\n{vm.Journal()}");

        // Only a shell is quick enough.
        void KillAt(string file) => Assert.Contains("137", vm.RunAtMost(
            BootedVm.InstallPatience, "sh", "-c",
            $"smm-agent reconcile >/dev/null 2>&1 & while kill -0 $!; do if [ -e {file} ]; then kill -9 $!; fi; done 2>/dev/null; wait "
            + $"$!; echo $?"),
            StringComparison.Ordinal);
    }
}
