namespace SmmAgent.VmTests;

/// <summary>The user of a compromised sidecar never becomes root, at any step of the life of the sidecar.</summary>
public sealed class SidecarEscalationTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string Proof = "/run/proof";

    // In Istio's guide the operator creates the user of this name before the package does.
    private const string Account =
        "groupadd --system istio-proxy && useradd --system --gid istio-proxy --home-dir /var/lib/istio istio-proxy";

    // As soon as the folder of the package is writable, it writes both files that root would source, in a loop. On request it
    // ends the sidecar.
    private const string Attack = """
        while :; do
            for file in sidecar.env cluster.env; do
                if [ -w /var/lib/istio/envoy ] && ! grep -qs /run/proof "/var/lib/istio/envoy/$file"; then
                    printf '[ "$(id -u)" = 0 ] && { id; tr "\\0" " " </proc/$$/cmdline; echo; } >>/run/proof 2>&1\n:\n' >/var/lib/istio/envoy/.new
                    mv -f /var/lib/istio/envoy/.new "/var/lib/istio/envoy/$file" && echo "$file" >>/tmp/attack/written
                fi
            done
            if [ -e /tmp/attack/end ]; then
                for process in /proc/[0-9]*; do
                    case $(tr '\0' ' ' <"$process/cmdline") in */usr/local/bin/envoy*) kill -TERM "${process#/proc/}" && rm -f /tmp/attack/end ;; esac
                done 2>/dev/null
            fi
            sleep 0.01
        done
        """;

    [Fact]
    public async Task SidecarUserGainsNoPrivilegesThroughInstallationUpgradeCrashesAndDetach()
    {
        await using var vm = await fixture.BootAsync();
        await fixture.StartWorkloadsAsync();
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        File.WriteAllText(Path.Combine(fixture.Testbed.Folder, "attack"), Attack);
        vm.Run("sh", "-c", Account);
        vm.Run("install", "-d", "-o", "istio-proxy", "/tmp/attack");
        vm.Run("install", "-m", "0644", "/mnt/attack", "/tmp/attack/program");
        vm.DropIn(StandInSidecar.Unit, "[Service]\nRestartSec=1\n");
        vm.Run("systemd-run", "--unit=attack", "--uid=istio-proxy", "bash", "/tmp/attack/program");
        try
        {
            vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");
            await vm.UntilAsync(
                () => sidecar.Read("/tmp/attack/written").Contains("cluster.env", StringComparison.Ordinal), "the files are written");
            await CrashAsync();

            vm.RunAtMost(BootedVm.InstallPatience, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--reinstall", "-y",
                fixture.Testbed.CopyToVm(fixture.Sidecars.Deb(SidecarPackages.Version)));
            await CrashAsync();
            fixture.Offer(SidecarPackages.NewerVersion);
            await vm.UntilConditionAsync(
                "SidecarInstalled", $"True Installed: istio-sidecar {SidecarPackages.NewerVersion}", BootedVm.InstallPatience);
            await CrashAsync();
            Assert.Contains("ISTIO_NAMESPACE=", sidecar.ReadState("environment"), StringComparison.Ordinal);
            sidecar.SetBehaviour("crash");
            vm.Run("touch", "/tmp/attack/end");
            await vm.UntilConditionAsync(
                "SidecarRunning", "False CrashLoop: the sidecar is held back, and captures no traffic", TimeSpan.FromMinutes(2));
        }
        finally
        {
            fixture.Offer(SidecarPackages.Version);
        }

        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "detach");

        Assert.Equal("", sidecar.Read(Proof));
        Assert.All(
            (string[])["/etc/certs/key.pem", "/etc/systemd/system/istio.service.d", "/etc/smm/sidecar"],
            path => Assert.Equal((path, 2), (path, vm.Try("ls", path).ExitCode)));

        async Task CrashAsync()
        {
            // The agent holds back a sidecar that ended several times.
            await sidecar.UntilAsync(() => sidecar.Readiness == 200, "it is ready", TimeSpan.FromMinutes(2));
            var before = Cleaned();
            vm.Run("touch", "/tmp/attack/end");
            await sidecar.UntilAsync(() => Cleaned() > before, "it was ended");

            int Cleaned() => sidecar.ReadState("calls").Split('\n').Count(line => line == "istio-clean-iptables");
        }
    }

    [Fact]
    public async Task HostOfAnEarlierVersionIsMigratedWithItsSettingsAndDetachRestoresIt()
    {
        const string Old = "/var/lib/istio/envoy";
        await using var vm = await fixture.BootAsync();
        await fixture.StartWorkloadsAsync();
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        // The files that an operator creates with Istio's guide.
        vm.Install(fixture.Testbed.CopyToVm(fixture.Sidecars.Deb(SidecarPackages.Version)));
        vm.Run("sh", "-c", $"echo OF_THE_OPERATOR=1 >>{Old}/sidecar.env; echo THEIRS=1 >{Old}/cluster.env");
        var before = HostListing.From(vm);
        var attached = vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");
        Assert.Contains(
            "✓ write /etc/smm/sidecar/sidecar.env (the settings of /var/lib/istio/envoy/sidecar.env, which is no longer read)\n",
            attached, StringComparison.Ordinal);
        Assert.Contains("OF_THE_OPERATOR=1\n", sidecar.ReadState("environment"), StringComparison.Ordinal);
        await vm.UntilConditionAsync("SidecarCurrent", "True Current");
        var starts = sidecar.Starts.Length;

        // The files of an earlier version of the agent.
        vm.Run("sh", "-c",
            $"cp -p /etc/smm/sidecar/cluster.env {Old}/; chown root {Old}; rm -r /etc/smm/sidecar /etc/systemd/system/istio.service.d; "
            + $"systemctl daemon-reload");
        await vm.UntilAsync(() => vm.Property(StandInSidecar.Unit, "Environment")
            .Contains("/etc/smm/sidecar/sidecar.env", StringComparison.Ordinal), "it is moved over");
        await vm.UntilConditionAsync("SidecarCurrent", "True Current");
        Assert.Equal(starts, sidecar.Starts.Length);
        Assert.Contains("OF_THE_OPERATOR=1", vm.Run("cat", "/etc/smm/sidecar/sidecar.env"), StringComparison.Ordinal);

        vm.Run("chown", "istio-proxy", Old);
        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "detach");

        Assert.Equal("THEIRS=1\n", sidecar.Read($"{Old}/cluster.env"));
        // The settings of the operator are now configuration, and the sidecar has files of its own.
        var left = string.Join('\n', HostListing.Changes(before, HostListing.From(vm)).Where(SidecarAttachTests.IsForeign)
            .Where(change => !change.Contains("/etc/smm/sidecar", StringComparison.Ordinal)
                && !change.Contains("/stand-in", StringComparison.Ordinal)));
        Assert.True(left.Length == 0, left);
    }
}
