namespace SmmAgent.InstallTests;

/// <summary>The script with the real dnf and zypper, on a host that says it is such a system.</summary>
[Collection(InstallTestbed.Name)]
public sealed class RpmTests(InstallTestbed testbed)
{
    [Theory]
    [InlineData("rocky", "rhel centos fedora")]
    [InlineData("fedora", "")]
    [InlineData("opensuse-leap", "suse opensuse")]
    public async Task ScriptInstallsAndUpgradesAndNeverDowngrades(string id, string like)
    {
        await using var host = await testbed.HostAsync();
        host.Write("/etc/os-release", ThrowAwayHost.OsRelease(id, like));

        var first = await host.PipeAsync(await testbed.ScriptAsync(testbed.Rpm1));

        Assert.True(first.ExitCode == 0, first.Error + first.Output);
        Assert.Contains("✓ smm-agent 0.1.0-1 is installed\n✓ dashboard url is set ", first.Output, StringComparison.Ordinal);

        var second = await host.PipeAsync(await testbed.ScriptAsync(testbed.Rpm1, testbed.Rpm2));

        Assert.True(second.ExitCode == 0, second.Error + second.Output);
        Assert.Contains(
            "✓ smm-agent 0.2.0-1 is installed, instead of 0.1.0-1\n✓ dashboard url is unchanged ", second.Output, StringComparison.Ordinal);
        Assert.Equal("smm-agent-0.2.0-1", host.Run("rpm", "-q", "--queryformat", "%{NAME}-%{VERSION}-%{RELEASE}", "smm-agent"));

        var third = await host.PipeAsync(await testbed.ScriptAsync(testbed.Rpm1));

        Assert.Equal(
            (0, "! smm-agent 0.2.0-1 stays installed: version 0.1.0-1 of the dashboard is older\n"), (third.ExitCode, third.Error));
        Assert.DoesNotContain(host.Changes(), change => change.StartsWith("/tmp/", StringComparison.Ordinal));
    }

    // os-release files without a family that the script knows.
    [Theory]
    [InlineData("openEuler", "openEuler 24.03 (LTS)")]
    [InlineData("photon", "VMware Photon OS/Linux")]
    [InlineData("azurelinux", "Microsoft Azure Linux 3.0")]
    [InlineData("kylin", "Kylin Linux Advanced Server V10")]
    public async Task UnknownSystemIsIdentifiedByItsProgramsWithAWarning(string id, string name)
    {
        await using var host = await testbed.HostAsync();
        host.Write("/etc/os-release", ThrowAwayHost.OsRelease(id, name: name));
        // As on such a system: Debian's programs may be there, but nothing that they installed.
        host.Write("/var/lib/dpkg/status", "");

        var run = await host.PipeAsync(await testbed.ScriptAsync(testbed.Rpm1, testbed.Deb1));

        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Contains($"! '{name}' is not one of the systems that smm-agent is tested on; its rpm packages should work\n", run.Error,
            StringComparison.Ordinal);
        Assert.Contains("✓ smm-agent 0.1.0-1 is installed\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DebPackagesAreIgnored()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();
        host.Write("/etc/os-release", ThrowAwayHost.OsRelease("fedora"));
        host.Settle();

        var run = await host.PipeAsync(script);

        Assert.Equal(
            (1, $"✗ the dashboard has no smm-agent-VERSION.{TestPackages.RpmArchitecture}.rpm: add it to the folder of --packages, and "
                + $"run this again\n"),
            (run.ExitCode, run.Error));
        Assert.Empty(host.Changes());
    }
}
