using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>The groups operating system and packages.</summary>
public sealed class OperatingSystemCheckTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Theory]
    [InlineData("ID=ubuntu\nVERSION_ID=\"22.04\"\nPRETTY_NAME=\"Ubuntu 22.04.4 LTS\"", "pass", "Ubuntu 22.04.4 LTS, verified")]
    [InlineData("ID=ubuntu\nVERSION_ID=\"20.04\"\nPRETTY_NAME='Ubuntu 20.04'", "pass", "Ubuntu 20.04, verified")]
    [InlineData("ID=\"rhel\"\nVERSION_ID=\"8.9\"\nPRETTY_NAME=\"Red Hat Enterprise Linux 8.9 (Ootpa)\"", "pass", "(Ootpa), verified")]
    [InlineData("ID=ubuntu\nVERSION_ID=\"18.04\"\nPRETTY_NAME=\"Ubuntu 18.04\"", "warn", "Ubuntu 18.04 should work, but is not verified")]
    [InlineData("ID=\"rhel\"\nVERSION_ID=\"9.4\"\nPRETTY_NAME=RHEL9", "warn", "RHEL9 should work")]
    [InlineData("ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"", "warn", "should work, but is not verified")]
    [InlineData("garbage", "warn", "Linux should work")]
    public async Task DistributionIsVerifiedOrShouldWork(string osRelease, string status, string found)
    {
        await using var agent = new VmAgent(fixture.Bed);
        Boot(agent, osRelease);

        var output = CheckReportReader.By(agent);

        Assert.Equal(status, output.Status("os-distribution"));
        Assert.Contains(found, output.Found("os-distribution"), StringComparison.Ordinal);
        Assert.Equal("pass", output.Status("os-init"));
    }

    [Fact]
    public async Task SystemWithoutSystemdFails()
    {
        await using var agent = new VmAgent(fixture.Bed);
        Boot(agent, "ID=debian");
        Directory.Delete(Path.Combine(agent.Root, "run", "systemd"), recursive: true);

        var output = CheckReportReader.By(agent);

        Assert.Equal("fail", output.Status("os-init"));
        Assert.Equal(1, output.ExitCode);
    }

    [Fact]
    public async Task SystemOf32BitsFailsAndSystemOf64BitsPasses()
    {
        await using var agent = new VmAgent(fixture.Bed);

        // The kernel's own way to run a 32-bit userland: uname reports i686.
        var output = new CheckReportReader(
            fixture.Bed.Vm.Try(["setarch", "i686", Programs.Agent, "--root", agent.Root, "check", "--output", "json"]));

        Assert.Equal("fail", output.Status("os-architecture"));
        Assert.Contains("x86", output.Found("os-architecture"), StringComparison.Ordinal);
        Assert.Equal("pass", CheckReportReader.By(agent).Status("os-architecture"));
    }

    [Fact]
    public async Task MissingPackageIsNamedWithTheInstallCommandOfTheSystem()
    {
        await using var agent = new VmAgent(fixture.Bed);
        using var programs = new ProgramFolder("curl", "iptables", "sudo", "hostname");

        var complete = CheckReportReader.By(fixture.Bed, agent, $"export PATH={programs.Path}:$PATH");
        var without = CheckReportReader.By(fixture.Bed, agent, Hide("curl", "iptables", "sudo", "hostname"));

        Assert.Equal("pass", complete.Status("packages-required"));
        Assert.Equal("fail", without.Status("packages-required"));
        Assert.Equal("warn", without.Line("packages-required", "curl").Status);
        Assert.All((string[])["iptables", "sudo", "hostname"],
            package => Assert.Equal("fail", without.Line("packages-required", package).Status));
        Assert.Equal(
            ((string[])["curl", "iptables", "sudo", "hostname"]).Select(package => $"sudo apt-get install -y {package}"),
            without.Fix("packages-required").Split('\n'));
    }

    [Theory]
    [InlineData("dnf")]
    [InlineData("tdnf")]
    [InlineData("yum")]
    [InlineData("zypper")]
    public async Task InstallCommandOfAnRpmSystemUsesTheInstallerThatExists(string installer)
    {
        await using var agent = new VmAgent(fixture.Bed);
        using var programs = new ProgramFolder(installer, "rpm");

        var output = CheckReportReader.By(
            fixture.Bed, agent, $"{Hide("apt-get", "dnf", "tdnf", "yum", "zypper", "dpkg", "curl")}\nexport PATH={programs.Path}:$PATH");

        Assert.Equal("pass", output.Status("os-package-manager"));
        Assert.Equal($"rpm, {installer}", output.Found("os-package-manager"));
        Assert.Contains($"sudo {installer} install -y curl", output.Fix("packages-required"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingInstallerWarnsAndMissingPackageManagerFails()
    {
        await using var agent = new VmAgent(fixture.Bed);

        var bare = CheckReportReader.By(fixture.Bed, agent, Hide("apt-get", "dnf", "tdnf", "yum", "zypper"));
        var none = CheckReportReader.By(fixture.Bed, agent, Hide("apt-get", "dnf", "tdnf", "yum", "zypper", "dpkg", "rpm"));

        Assert.Equal("warn", bare.Status("os-package-manager"));
        Assert.Equal("fail", none.Status("os-package-manager"));
    }

    private static void Boot(VmAgent agent, string osRelease)
    {
        Directory.CreateDirectory(Path.Combine(agent.Root, "run", "systemd", "system"));
        File.WriteAllText(Path.Combine(agent.Root, "etc", "os-release"), osRelease + "\n");
    }

    // A program without execute permission counts as missing. The mount is seen by this one run only: `ip netns exec` has a mount namespace
    // of its own.
    private static string Hide(params string[] programs) => $$"""
        for program in {{string.Join(' ', programs)}}; do
            for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
                if [ -x "$folder/$program" ]; then mount --bind /dev/null "$(readlink -f "$folder/$program")"; fi
            done
        done
        """;
}
