using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>The certificate of a dashboard that speaks https: believed, about to end, over, not begun, of a stranger.</summary>
public sealed class DashboardCertificateCheckTests
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public async Task CertificateIsTrustedWithinItsValidityOnly()
    {
        Assert.SkipUnless(Programs.Missing() is null, Programs.Missing() ?? "");
        await using var bed = await MeshTestbed.StartAsync(https: true);
        await using var agent = new VmAgent(bed);

        var good = CheckReportReader.By(agent);
        Assert.Equal("pass", good.Status("dashboard-certificate"));
        Assert.Equal("pass", good.Status("dashboard-transport"));
        Assert.Equal("pass", good.Status("host-certificates"));

        await bed.RestartDashboardAsync(-20 * Day, 3 * Day);
        var ending = CheckReportReader.By(agent);
        Assert.Equal("warn", ending.Status("dashboard-certificate"));
        Assert.Equal("warn", ending.Status("host-certificates"));
        Assert.Equal("pass", ending.Status("dashboard-token-accepted"));

        await bed.RestartDashboardAsync(-20 * Day, -2 * Day);
        var expired = CheckReportReader.By(agent);
        Assert.Equal("fail", expired.Status("dashboard-certificate"));
        Assert.Contains("expired on", expired.Found("dashboard-certificate"), StringComparison.Ordinal);
        Assert.Equal("fail", expired.Status("host-certificates"));
        Assert.Equal("skipped", expired.Status("dashboard-answers"));
        Assert.Equal("skipped", expired.Status("dashboard-token-accepted"));

        // By this VM's clock it is not valid yet, which is what a clock that is behind looks like.
        await bed.RestartDashboardAsync(2 * Day, 20 * Day);
        var early = CheckReportReader.By(agent);
        Assert.Equal("fail", early.Status("dashboard-certificate"));
        Assert.Contains("not valid before", early.Found("dashboard-certificate"), StringComparison.Ordinal);
        Assert.Contains("timedatectl", early.Fix("dashboard-certificate"), StringComparison.Ordinal);
        Assert.Contains("this VM's clock is behind", early.Found("host-certificates"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ForeignCertificateAndMissingAuthorityFileAreDistinguished()
    {
        Assert.SkipUnless(Programs.Missing() is null, Programs.Missing() ?? "");
        await using var bed = await MeshTestbed.StartAsync(https: true);
        await using var agent = new VmAgent(bed);
        var settings = await File.ReadAllTextAsync(Path.Combine(agent.ConfigFolder, "agent.yaml"), TestContext.Current.CancellationToken);

        agent.WriteSettings(settings.Replace($"caFile: {bed.DashboardAuthority}", "allowPlaintext: false", StringComparison.Ordinal));
        var stranger = CheckReportReader.By(agent);
        agent.WriteSettings(settings.Replace("dashboard-ca.pem", "no-such-file.pem", StringComparison.Ordinal));
        var missing = CheckReportReader.By(agent);

        Assert.Equal("fail", stranger.Status("dashboard-certificate"));
        Assert.Contains("does not vouch for", stranger.Found("dashboard-certificate"), StringComparison.Ordinal);
        Assert.Contains("--ca-file", stranger.Fix("dashboard-certificate"), StringComparison.Ordinal);
        Assert.Equal("fail", missing.Status("dashboard-certificate"));
        Assert.Contains("no-such-file.pem does not exist", missing.Found("dashboard-certificate"), StringComparison.Ordinal);
        Assert.Equal("skipped", missing.Status("dashboard-reachable"));
    }

    [Fact]
    public async Task AuthorityFileThatOnlyRootCanReadIsAFailure()
    {
        Assert.SkipUnless(Programs.Missing() is null, Programs.Missing() ?? "");
        await using var bed = await MeshTestbed.StartAsync(https: true);
        await using var agent = new VmAgent(bed);
        File.SetUnixFileMode(bed.Folder, File.GetUnixFileMode(bed.Folder) | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(bed.DashboardAuthority!, UnixFileMode.UserRead);
        Shell.Run("chown", "-R", "nobody:nogroup", agent.Root);
        using var program = new AgentForEveryone();
        string[] nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];
        await using var daemon = new TestbedProcess(bed.Vm.Inside([.. nobody, program.Path, "--root", agent.Root, "run"]));
        await Until.TrueAsync(() => agent.Condition("ConfigCurrent").Reason == "InvalidSettings", "the daemon cannot read it",
            lastSeen: () => daemon.Output);

        var output = CheckReportReader.By(agent);

        Assert.Equal("pass", output.Status("dashboard-certificate"));
        Assert.Equal("fail", output.Status("dashboard-token-accepted"));
        Assert.Contains("the daemon reports: dashboard.caFile: ", output.Found("dashboard-token-accepted"), StringComparison.Ordinal);
        Assert.StartsWith($"sudo install -m 0644 {bed.DashboardAuthority} /etc/smm/", output.Fix("dashboard-token-accepted"),
            StringComparison.Ordinal);
    }
}
