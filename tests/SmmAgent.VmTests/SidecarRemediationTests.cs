namespace SmmAgent.VmTests;

/// <summary>As <see cref="RemediationTests"/>, for the sidecar.</summary>
public sealed class SidecarRemediationTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string Istio = "/etc/smm/sidecar/cluster.env";
    private const string IstioToken = "/run/secrets/tokens/istio-token";

    // The privileged reconcile rests 10 s between two requests, and a failure must last to count.
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task RemediationsOfSidecarConditionsWork()
    {
        await using var vm = await fixture.BootMemberAsync();
        await vm.UntilConditionAsync("Registered", "True ");

        vm.Run("systemctl", "mask", "--now", StandInSidecar.Unit);
        await FixesAsync("SidecarRunning", "False NotRunning: istio.service is masked");
        vm.Run("touch", Istio);
        await FixesAsync("SidecarCurrent", "False RestartNeeded");

        // istiod refuses a certificate with an alert, which the TLS of the embedded dashboard does not send.
        string[] elsewhere = ["OUTPUT", "-p", "tcp", "--dport", "15012", "-m", "owner", "--uid-owner", "istio-proxy", "-j", "REDIRECT",
            "--to-ports", "15113"];
        vm.Run(
            "systemd-run", "--unit=istiod", "openssl", "s_server", "-accept", "15113", "-cert", "/mnt/certificates/istiod-cert.pem", "-key",
            "/mnt/certificates/istiod-key.pem",
            "-CAfile", "/mnt/certificates/root-cert.pem", "-Verify", "1", "-verify_return_error", "-quiet");
        new SidecarCertificate(fixture.Testbed, vm).Write("default");
        vm.Run(["iptables", "-w", "-t", "nat", "-I", .. elsewhere]);
        vm.Run("systemctl", "restart", StandInSidecar.Unit);
        await vm.UntilConditionAsync("Registered", "False CertificateRefused", Minute);
        vm.Run(["iptables", "-w", "-t", "nat", "-D", .. elsewhere]);
        await FixesAsync("Registered", "False CertificateRefused");

        vm.Run("systemctl", "stop", StandInSidecar.Unit);
        await vm.TakePortAsync(15053);
        var taken = await vm.UntilConditionAsync("Registered", "False PortTaken", Minute);
        Assert.Contains("\"perl\"", vm.RunLine(AdvisedCommands.FindAll(taken)[0]), StringComparison.Ordinal);
        vm.Run("systemctl", "stop", BootedVm.PortTaker);
        vm.RunLine(AdvisedCommands.FindAll(taken)[1]);
        await vm.UntilConditionAsync("Registered", "True", Minute);

        // No service answers the requests of the daemon, so the operator must run the advised command.
        await LeftToTheOperatorAsync("SidecarCurrent", "False NotWritten", $"echo ISTIO_NAMESPACE=other >>{Istio}");
        await vm.UntilConditionAsync("SidecarCurrent", "False RestartNeeded");
        await FixesAsync("SidecarCurrent", "False RestartNeeded");
        await LeftToTheOperatorAsync("SidecarRunning", "False NotRunning: istio.service does not run", "systemctl stop istio");
        await LeftToTheOperatorAsync(
            "SidecarRunning", "False NotRunning: istio.service is not started before it has an istio-token",
            $"systemctl stop istio; rm -f {IstioToken} /var/lib/smm-agent-host/istio-token /etc/certs/cert-chain.pem /etc/certs/key.pem");

        async Task LeftToTheOperatorAsync(string type, string expected, string fault)
        {
            vm.Run("systemctl", "stop", "smm-agent-reconcile.path");
            // A privileged reconcile that still runs would start the sidecar again, and cancel the job that stops it.
            await vm.UntilAsync(
                () => vm.Property("smm-agent-reconcile-request.service", "ActiveState") is "inactive" or "failed"
                    && vm.Property("smm-agent-reconcile.service", "ActiveState") is "inactive" or "failed",
                "no privileged reconcile runs", Minute);
            vm.Run("sh", "-ec", fault);
            var message = await vm.UntilConditionAsync(type, expected, Minute);
            // reconcile waits for the registration, and prints what remains: here, that the sidecar needs a restart.
            var (exitCode, output) = vm.TryLine(AdvisedCommands.FindOne(message));
            Assert.True(exitCode == 0 || output.Contains("the sidecar needs a restart", StringComparison.Ordinal), output);
            await vm.UntilAsync(
                () => !vm.ConditionText(type).StartsWith(expected, StringComparison.Ordinal), $"{type} is no longer {expected}", Minute);
        }

        async Task FixesAsync(string type, string expected)
        {
            vm.RunLine(AdvisedCommands.FindOne(await vm.UntilConditionAsync(type, expected, Minute)));
            await vm.UntilConditionAsync(type, "True", Minute);
        }
    }

    [Fact]
    public async Task RemediationsAfterDetachWorkAndSettingsOfTheOperatorStay()
    {
        await using var vm = await fixture.BootMemberAsync();
        var certificate = new SidecarCertificate(fixture.Testbed, vm);
        await vm.UntilConditionAsync("Registered", "True ");
        var account = fixture.Testbed.Mesh.ServiceAccount;
        try
        {
            // As after a move to another WorkloadGroup: the certificate in /etc/certs is for the earlier account.
            fixture.Testbed.Mesh.ServiceAccount = "analytics";
            fixture.Testbed.Mesh.Write();
            vm.RunLine(AdvisedCommands.FindOne(await vm.UntilConditionAsync("SidecarCurrent", "False RestartNeeded", Minute)));
            await vm.UntilAsync(() => certificate.Names().Contains("/sa/analytics", StringComparison.Ordinal),
                "the sidecar has the other account's certificate", Minute);
            await vm.UntilConditionAsync("Registered", "True ", Minute);
        }
        finally
        {
            fixture.Testbed.Mesh.ServiceAccount = account;
            fixture.Testbed.Mesh.Write();
        }

        // Another program holds the user database.
        vm.Run("sh", "-c", "sleep 600 >/dev/null 2>&1 & printf %s $! >/etc/passwd.lock");
        var detached = vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "detach");
        Assert.Equal((2, 2), (vm.Try("ls", "/etc/certs/key.pem").ExitCode, vm.Try("ls", "/etc/certs/cert-chain.pem").ExitCode));
        vm.Run("rm", "/etc/passwd.lock");
        Assert.Equal(0, vm.Try("id", "istio-proxy").ExitCode);
        vm.RunLine(AdvisedCommands.FindOne(detached));
        Assert.Equal(1, vm.Try("id", "istio-proxy").ExitCode);

        // Files that are older than the agent, and that no sidecar has written since, belong to the operator.
        vm.Run("systemctl", "mask", StandInSidecar.Unit);
        certificate.Write("default", owner: "root");
        var own = vm.Run("sha256sum", "/etc/certs/key.pem", "/etc/certs/cert-chain.pem");
        Assert.Equal(1, vm.Try(BootedVm.InstallPatience, "smm-agent", "reconcile").ExitCode);
        // A process of the sidecar's user keeps userdel from removing it, until it is ended.
        vm.Run("systemd-run", "--unit=leftover", "--uid=istio-proxy", "sleep", "600");
        Assert.DoesNotContain("the user stays", vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "detach"), StringComparison.Ordinal);
        Assert.Equal((1, false), (vm.Try("id", "istio-proxy").ExitCode, vm.IsActive("leftover")));
        Assert.Equal(own, vm.Run("sha256sum", "/etc/certs/key.pem", "/etc/certs/cert-chain.pem"));

        // Without a snapshot the agent does not stop the sidecar; the operator must.
        vm.Run("rm", "/etc/certs/key.pem", "/etc/certs/cert-chain.pem");
        vm.Run("systemctl", "unmask", StandInSidecar.Unit);
        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");
        vm.Run("rm", "/var/lib/smm-agent-host/before-attach.json");
        vm.RunLine(AdvisedCommands.FindOne(vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "detach")));
        Assert.Equal((false, false), (vm.IsActive(StandInSidecar.Unit), vm.IsEnabled(StandInSidecar.Unit)));
        Assert.DoesNotContain("ISTIO_", vm.Rules(), StringComparison.Ordinal);
    }
}
