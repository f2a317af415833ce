namespace SmmAgent.InstallTests;

/// <summary>The script with the real apt-get and dpkg.</summary>
[Collection(InstallTestbed.Name)]
public sealed class DebTests(InstallTestbed testbed)
{
    private const string Next =
        "next:\n    sudo smm-agent set workload-group NAMESPACE/NAME\n    sudo smm-agent set bearer-token --stdin\n    sudo smm-agent "
        + "reconcile\n";

    [Theory]
    [InlineData("sh", "wget")]
    [InlineData("bash --posix", "curl")]
    [InlineData("busybox sh", "curl")]
    public async Task ScriptInstallsSetsTheUrlAndPrintsTheNextStep(string shell, string downloader)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();
        host.Remove(downloader == "curl" ? "/usr/bin/wget" : "/usr/bin/curl");

        var run = await host.PipeAsync(script, shell);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.EndsWith(
            $"✓ smm-agent 0.1.0 is installed\n✓ dashboard url is set dashboard.url={InstallTestbed.Url} config=/etc/smm/agent.yaml\n"
            + $"✓ trusted key is set packages.trustedKeys={testbed.PublicKey} config=/etc/smm/agent.yaml\n{Next}",
            run.Output, StringComparison.Ordinal);
        Assert.Equal("installed 0.1.0", Installed(host));
        Assert.Contains($"url: {InstallTestbed.Url}\n", host.Read("/etc/smm/agent.yaml"), StringComparison.Ordinal);
        Assert.DoesNotContain(host.Changes(), change => change.StartsWith("/tmp/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task PlainHttpOptionAllowsPlaintextInTheAgentSettings()
    {
        var script = await testbed.ScriptAtAsync(InstallTestbed.PlainUrl, testbed.Deb1);
        await using var host = await testbed.HostAsync();

        var run = await host.PipeAsync(script, options: "--allow-plaintext");

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains($"✓ dashboard url is set dashboard.url={InstallTestbed.PlainUrl} dashboard.allowPlaintext=true", run.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task PrivateAuthorityIsInstalledWhereTheDaemonReadsIt()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync(isTrusting: false);
        host.Copy(testbed.AuthorityFile, "/root/ca.pem");

        var run = await host.PipeAsync(script, options: "--ca-file=/root/ca.pem");

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("dashboard.caFile=/etc/smm/dashboard-ca.pem config=/etc/smm/agent.yaml\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(
            await File.ReadAllTextAsync(testbed.AuthorityFile, TestContext.Current.CancellationToken),
            host.Read("/etc/smm/dashboard-ca.pem"));
        Assert.Equal("644 root root\n", host.Run("stat", "-c", "%a %U %G", "/etc/smm/dashboard-ca.pem"));
    }

    [Theory]
    [InlineData("curl")]
    [InlineData("wget")]
    public async Task IntermediateAuthorityInAWindowsFileIsTrustedAsByTheAgent(string downloader)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync(isTrusting: false);
        host.Remove(downloader == "curl" ? "/usr/bin/wget" : "/usr/bin/curl");
        host.Write("/root/ca.pem", testbed.IssuingAuthorityOfWindows);

        var run = await host.PipeAsync(script, options: "--ca-file=/root/ca.pem");

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("dashboard.caFile=/etc/smm/dashboard-ca.pem config=/etc/smm/agent.yaml\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(testbed.IssuingAuthorityOfWindows, host.Read("/etc/smm/dashboard-ca.pem").Insert(0, "\ufeff"));
    }

    [Fact]
    public async Task SecondRunDownloadsNothingAndSetsAMissingUrl()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();
        await host.PipeAsync(script);
        host.Settle();
        File.Delete(testbed.Served(testbed.Deb1));

        var again = await host.PipeAsync(script);

        Assert.Equal((0, ""), (again.ExitCode, again.Error));
        Assert.StartsWith("✓ smm-agent 0.1.0 is already installed\n✓ dashboard url is unchanged ", again.Output, StringComparison.Ordinal);
        Assert.Empty(host.Changes());

        host.Remove("/etc/smm/agent.yaml");
        var missing = await host.PipeAsync(script);
        Assert.StartsWith("✓ smm-agent 0.1.0 is already installed\n✓ dashboard url is set ", missing.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecondRunUpgradesAndKeepsTheSettings()
    {
        await using var host = await testbed.HostAsync();
        await host.PipeAsync(await testbed.ScriptAsync(testbed.Deb1));
        host.Run("smm-agent", "set", "workload-group", "vm-integration", "analytics-v0");
        var settings = host.Read("/etc/smm/agent.yaml");

        var run = await host.PipeAsync(await testbed.ScriptAsync(testbed.Deb1, testbed.Deb2));

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("✓ smm-agent 0.2.0 is installed, instead of 0.1.0\n", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("next:\n    smm-agent status\n", run.Output, StringComparison.Ordinal);
        Assert.Equal("installed 0.2.0", Installed(host));
        Assert.Equal(settings, host.Read("/etc/smm/agent.yaml"));
    }

    [Fact]
    public async Task UpgradeWithoutATrustedSignatureIsRefusedByTheInstalledAgent()
    {
        await using var host = await testbed.HostAsync();
        var key = testbed.SigningKey;
        try
        {
            var first = await host.PipeAsync(await testbed.ScriptAsync(testbed.Deb1));
            Assert.Contains("✓ trusted key is set packages.trustedKeys=", first.Output, StringComparison.Ordinal);
            var settings = host.Read("/etc/smm/agent.yaml");

            // An attacker controls the dashboard: its packages, their checksums and its key have changed.
            testbed.SigningKey = testbed.NewKey();
            await RefusedAsync("may not be installed: the dashboard's package list is signed by ");
            Assert.Equal(settings, host.Read("/etc/smm/agent.yaml"));

            testbed.SigningKey = null;
            await RefusedAsync("an upgrade needs a signed package list, which smm-dashboard sign-packages makes");

            testbed.SigningKey = key;
            host.Write("/etc/smm/agent.yaml", $"dashboard: {{url: \"{InstallTestbed.Url}\"}}\n");
            await RefusedAsync(
                "may not be installed: no key is trusted that could sign it: add the key that signs the dashboard's packages to "
                + "packages.trustedKeys in /etc/smm/agent.yaml; or verify");

            host.Write("/etc/smm/agent.yaml", settings);
            var signed = await host.PipeAsync(await testbed.ScriptAsync(testbed.Deb1, testbed.Deb2));
            Assert.True(signed.ExitCode == 0, signed.Error);
            Assert.Contains("✓ a trusted key has signed smm-agent 0.2.0\n", signed.Output, StringComparison.Ordinal);
            Assert.Equal("installed 0.2.0", Installed(host));
        }
        finally
        {
            testbed.SigningKey = key;
        }

        async Task RefusedAsync(string why)
        {
            var run = await host.PipeAsync(await testbed.ScriptAsync(testbed.Deb1, testbed.Deb2));
            Assert.Equal(1, run.ExitCode);
            Assert.Contains(why, run.Error + run.Output, StringComparison.Ordinal);
            Assert.Contains("nothing was changed\n", run.Error, StringComparison.Ordinal);
            Assert.Equal("installed 0.1.0", Installed(host));
        }
    }

    [Fact]
    public async Task UnknownDebSystemIsAcceptedWithAWarning()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1, testbed.Rpm1);
        await using var host = await testbed.HostAsync();
        host.Write("/etc/os-release", ThrowAwayHost.OsRelease("deepin", name: "Deepin 23"));

        var run = await host.PipeAsync(script);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("! 'Deepin 23' is not one of the systems that smm-agent is tested on; its deb packages should work\n", run.Error,
            StringComparison.Ordinal);
        Assert.Equal("installed 0.1.0", Installed(host));
    }

    [Fact]
    public async Task NewerAgentIsKept()
    {
        await using var host = await testbed.HostAsync();
        await host.PipeAsync(await testbed.ScriptAsync(testbed.Deb2));
        host.Settle();

        var run = await host.PipeAsync(await testbed.ScriptAsync(testbed.Deb1));

        Assert.Equal(0, run.ExitCode);
        Assert.Equal("! smm-agent 0.2.0 stays installed: version 0.1.0 of the dashboard is older\n", run.Error);
        Assert.Empty(host.Changes());
    }

    [Theory]
    [InlineData("")]
    [InlineData("node: {ip: nonsense}\n")]
    public async Task UrlOfAnotherDashboardIsKeptAndReported(string fault)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();
        await host.PipeAsync(script);
        host.Run("smm-agent", "set", "dashboard-url", "https://other.example.com");
        host.Append("/etc/smm/agent.yaml", fault);
        host.Settle();

        var run = await host.PipeAsync(script);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            $"! the dashboard's URL is https://other.example.com and stays; to change it: sudo smm-agent set dashboard-url "
            + $"{InstallTestbed.Url}\n", run.Error);
        Assert.Empty(host.Changes());
    }

    [Fact]
    public async Task RemovedAgentIsInstalledAgain()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();
        await host.PipeAsync(script);
        host.Run("dpkg", "--remove", "smm-agent");

        await host.PipeAsync(script);

        Assert.Equal("installed 0.1.0", Installed(host));
    }

    [Fact]
    public async Task DependenciesComeFromTheMirrorOfTheSystemAfterAnUpdateOfItsLists()
    {
        var script = await testbed.ScriptAsync(testbed.Packages.Deb("0.3.0", "Depends: smm-agent-test-needs\n"));
        await using var host = await testbed.HostAsync();
        Directory.CreateDirectory(testbed.PathOf("mirror"));
        host.Run("mkdir", "/srv/mirror");
        host.Copy(testbed.Packages.EmptyDeb("smm-agent-test-needs"), "/srv/mirror/needs.deb");
        host.Write("/srv/mirror/Packages", host.Run("dpkg-deb", "--field", "/srv/mirror/needs.deb")
            + $"Filename: ./needs.deb\nSize: {host.Run("stat", "-c", "%s", "/srv/mirror/needs.deb")}"
            + $"SHA256: {host.Run("sha256sum", "/srv/mirror/needs.deb").Split(' ')[0]}\n\n");
        host.Write("/etc/apt/sources.list", "deb [trusted=yes] file:/srv/mirror ./\n");

        var run = await host.PipeAsync(script);

        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Equal("installed 0.3.0", Installed(host));
    }

    [Fact]
    public async Task UnavailableDependencyChangesNothing()
    {
        var script = await testbed.ScriptAsync(testbed.Packages.Deb("0.3.1", "Depends: smm-agent-test-nowhere\n"));
        await using var host = await testbed.HostAsync();
        var before = host.Run("dpkg-query", "-W");

        var run = await host.PipeAsync(script);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("smm-agent-test-nowhere", run.Output + run.Error, StringComparison.Ordinal);
        Assert.Contains("✗ apt-get did not install smm-agent_0.3.1_", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, host.Run("dpkg-query", "-W"));
        Assert.False(host.Has("/etc/smm/agent.yaml"));
        Assert.DoesNotContain(host.Changes(), change => change.StartsWith("/tmp/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ChangedConfigurationFileIsKeptWithoutAQuestion()
    {
        await using var host = await testbed.HostAsync();
        await host.PipeAsync(await testbed.ScriptAsync(testbed.Packages.Deb("0.4.0", files: ("etc/smm-test.conf", "of 0.4.0\n"))));
        host.Write("/etc/smm-test.conf", "of the operator\n");

        var run = await host.PipeAsync(
            await testbed.ScriptAsync(testbed.Packages.Deb("0.5.0", files: ("etc/smm-test.conf", "of 0.5.0\n"))));

        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Equal("installed 0.5.0", Installed(host));
        Assert.Equal("of the operator\n", host.Read("/etc/smm-test.conf"));
    }

    private static string Installed(ThrowAwayHost host) =>
        host.Run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", "smm-agent");
}
