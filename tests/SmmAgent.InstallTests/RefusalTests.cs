namespace SmmAgent.InstallTests;

/// <summary>Where the script cannot install, it prints the reason in one line and changes nothing.</summary>
[Collection(InstallTestbed.Name)]
public sealed class RefusalTests(InstallTestbed testbed)
{
    [Theory]
    [InlineData("sh")]
    [InlineData("bash --posix")]
    [InlineData("busybox sh")]
    public async Task ScriptWithoutRootPrintsTheCommandWithSudo(string shell)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();

        var run = await host.PipeAsync(script, shell, user: "65534:65534");

        Assert.Equal((3, ""), (run.ExitCode, run.Output));
        Assert.Equal("✗ installing a package needs root: curl -fsSL https://127.0.0.1:8443/get/smm-agent | sudo sh\n", run.Error);
        Assert.Empty(host.Changes());
    }

    [Fact]
    public async Task RootCommandRepeatsTheOptions()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();
        host.Copy(testbed.AuthorityFile, "/tmp/ca.pem");

        var run = await host.PipeAsync(script, user: "65534:65534", options: ["--ca-file", "/tmp/ca.pem"]);

        Assert.Equal(3, run.ExitCode);
        Assert.EndsWith(
            "curl -fsSL --cacert /tmp/ca.pem https://127.0.0.1:8443/get/smm-agent | sudo sh -s -- --ca-file /tmp/ca.pem\n", run.Error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sh")]
    [InlineData("bash --posix")]
    [InlineData("busybox sh")]
    public async Task PlainHttpNeedsAnOption(string shell)
    {
        var script = await testbed.ScriptAtAsync(InstallTestbed.PlainUrl, testbed.Deb1);
        await using var host = await testbed.HostAsync();

        var run = await host.PipeAsync(script, shell);

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("✗ http://127.0.0.1:8080 is plain http: everyone on the network path can change what root installs here",
            run.Error, StringComparison.Ordinal);
        Assert.EndsWith(
            "    curl -fsSL http://127.0.0.1:8080/get/smm-agent | sudo sh -s -- --allow-plaintext\n", run.Error, StringComparison.Ordinal);
        Assert.Empty(host.Changes());
    }

    [Theory]
    [InlineData("alpine", "", "'Test Linux 1' is not supported: it has neither dpkg with apt-get nor rpm with dnf, tdnf, yum or zypper",
        "/usr/bin/apt-get")]
    [InlineData("notdebian", "undebian", "'Test Linux 1' is not supported: it has no systemd", "/usr/bin/systemctl")]
    [InlineData("opensuse-leap", "suse opensuse", "'Test Linux 1' has no zypper, which is needed to install packages")]
    [InlineData("rocky", "rhel centos fedora", "'Test Linux 1' has no dnf, tdnf or yum, which is needed to install packages")]
    public async Task SystemWithoutPackagesIsNamed(string id, string like, string why, string? without = null)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1, testbed.Rpm1);
        await using var host = await testbed.HostAsync();
        host.Write("/etc/os-release", ThrowAwayHost.OsRelease(id, like));
        host.Remove("/usr/bin/zypper");
        host.Remove("/usr/bin/dnf");
        if (without is not null)
            host.Remove(without);
        await RefusesAsync(host, script, why);
    }

    [Fact]
    public async Task SystemWithoutOsReleaseIsRefused()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();
        host.Remove("/etc/os-release");
        host.Remove("/usr/lib/os-release");
        await RefusesAsync(host, script, "this system has no /etc/os-release");
    }

    [Theory]
    [InlineData("armhf", "the architecture 'armhf' is not supported: smm-agent runs on 64-bit x86 and ARM only")]
    [InlineData("i386", "the architecture 'i386' is not supported")]
    [InlineData("other", "the dashboard has no smm-agent_VERSION_OTHER.deb: add it to the folder of --packages, and run this again")]
    public async Task ArchitectureWithoutAPackageIsNamed(string architecture, string why)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();
        var other = TestPackages.DebArchitecture == "amd64" ? "arm64" : "amd64";
        var said = architecture == "other" ? other : architecture;
        // The architecture is the only property of a host that a test must fake.
        host.Write("/usr/local/bin/dpkg", $"#!/bin/sh\n[ \"$1\" = --print-architecture ] && exec echo {said}\nexec /usr/bin/dpkg \"$@\"\n",
            isExecutable: true);
        await RefusesAsync(host, script, why.Replace("OTHER", other, StringComparison.Ordinal));
    }

    [Fact]
    public async Task MissingDownloaderIsReportedWithTheInstallCommand()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();
        host.Remove("/usr/bin/curl");
        host.Remove("/usr/bin/wget");
        await RefusesAsync(host, script, "neither curl nor wget is installed: apt-get install curl");
    }

    [Fact]
    public async Task MissingSha256SumInstallsNothingUnverified()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();
        host.Remove("/usr/bin/sha256sum");
        await RefusesAsync(host, script, "sha256sum is not installed, so the package cannot be verified: install coreutils");
    }

    [Theory]
    [InlineData("'--allow-plain' is not an option of this script; it has --ca-file FILE, --allow-plaintext and others: --help",
        "--allow-plain")]
    [InlineData("--token-file, --node-ip, --replace and --reconcile need --workload-group NAMESPACE/NAME", "--reconcile")]
    [InlineData("--workload-group needs NAMESPACE/NAME", "--workload-group")]
    [InlineData("--workload-group 'analytics-v0' is not NAMESPACE/NAME", "--workload-group", "analytics-v0")]
    [InlineData("--workload-group 'a/b/c' is not NAMESPACE/NAME", "--workload-group=a/b/c")]
    [InlineData("--workload-group needs --token-file FILE", "--workload-group", "a/b")]
    [InlineData("--token-file '/nowhere': the file does not exist or cannot be read", "--workload-group=a/b", "--token-file=/nowhere")]
    [InlineData("--ca-sha256 has 4 instead of 64 hexadecimal digits", "--ca-sha256", "12:AB")]
    [InlineData("--ca-sha256 'xyz' has other characters than hexadecimal digits", "--ca-sha256", "xyz")]
    [InlineData("--proxy needs http://HOST:PORT, environment or none", "--proxy", "https://proxy:3128")]
    [InlineData("--proxy needs http://HOST:PORT, environment or none", "--proxy", "http://proxy")]
    [InlineData("'install' is not an option of this script", "install")]
    [InlineData("--ca-file needs FILE, for example --ca-file /root/ca.pem", "--ca-file")]
    [InlineData("--ca-file needs FILE", "--ca-file=")]
    [InlineData("--ca-file needs FILE", "--ca-file", "")]
    [InlineData("--ca-file '/nowhere': the file does not exist or cannot be read", "--ca-file", "/nowhere")]
    [InlineData("--ca-file '/etc': the file does not exist or cannot be read", "--ca-file=/etc")]
    [InlineData("--ca-file '/etc/passwd' contains no certificate in PEM", "--ca-file", "/etc/passwd")]
    [InlineData("--ca-file '/root/both.pem' contains a private key: use a file with the certificate only", "--ca-file", "/root/both.pem")]
    public async Task UnknownOptionIsNamed(string why, params string[] options)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();
        host.Write("/root/both.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\n");
        await RefusesAsync(host, script, why, exitCode: 2, options);
    }

    [Fact]
    public async Task UnrenderedTemplateIsRefused()
    {
        await using var host = await testbed.HostAsync();
        await RefusesAsync(
            host, File.ReadAllText(Repository.InstallScript),
            "this is the template of the install script: the dashboard has the finished one at /get/smm-agent", exitCode: 2);
    }

    [Fact]
    public async Task HelpChangesNothing()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();

        var run = await host.PipeAsync(script, options: "--help");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.StartsWith(
            "usage: curl -fsSL https://127.0.0.1:8443/get/smm-agent | sudo sh -s -- [OPTION]…\n", run.Output, StringComparison.Ordinal);
        Assert.Empty(host.Changes());
    }

    private static async Task RefusesAsync(ThrowAwayHost host, string script, string why, int exitCode = 1, params string[] options)
    {
        host.Settle();

        var run = await host.PipeAsync(script, options: options);

        Assert.Equal((exitCode, ""), (run.ExitCode, run.Output));
        Assert.StartsWith($"✗ {why}", run.Error, StringComparison.Ordinal);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
        Assert.Empty(host.Changes());
    }
}
