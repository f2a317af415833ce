namespace SmmAgent.VmTests;

/// <summary>Data that other users of a VM can read contains no token.</summary>
public sealed class SidecarSecretsTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    [Fact]
    public async Task NoTokenIsInArgumentsTheJournalStatusReportOrBundle()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("sh", "-c",
            "while :; do cat /proc/[0-9]*/cmdline | tr '\\0' ' '; done >/tmp/arguments 2>/dev/null </dev/null & echo $! >/tmp/watcher");
        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");
        vm.Run("sh", "-c", "kill $(cat /tmp/watcher)");
        await vm.UntilConditionAsync("Registered", "True");
        vm.Run("smm-agent", "support-bundle", "--file", "/root/bundle.tar.gz");

        string[] secrets = [vm.Run("cat", "/run/secrets/tokens/istio-token").Trim(), fixture.Testbed.Mesh.Token];
        (string Where, string Text)[] readable =
        [
            ("smm-agent reconcile", vm.Run("cat", "/tmp/arguments")),
            ("reconciling", vm.Run("journalctl", "--no-pager", "-o", "cat")),
            ("SidecarRunning", vm.Run("cat", "/run/smm-agent/status.json")),
            ("token", vm.Run("cat", "/run/smm-agent-host/report.json")),
            ("smm-agent", vm.Run("tar", "-xzOf", "/root/bundle.tar.gz")),
        ];
        Assert.All(readable, one => Assert.Contains(one.Where, one.Text, StringComparison.Ordinal));
        Assert.All(readable, one => Assert.All(secrets, secret =>
            Assert.False(one.Text.Contains(secret, StringComparison.Ordinal), $"beside '{one.Where}' there is a token")));
    }
}
