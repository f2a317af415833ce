using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SmmAgent.InstallTests;

/// <summary>The options of the script that configure the agent, pin the authority, and name a proxy.</summary>
[Collection(InstallTestbed.Name)]
public sealed class InstallJoinTests(InstallTestbed testbed)
{
    private const string Token = "a-token-of-the-group";

    public static TheoryData<string> Downloaders => ["curl", "wget"];

    [Theory]
    [MemberData(nameof(Downloaders))]
    public async Task PinnedAuthorityIsTrustedAndTheVmIsConfigured(string downloader)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await HostAsync(downloader);

        var run = await host.PipeAsync(script, options:
        [
            "--ca-sha256", Pin(), "--workload-group", "vm-integration/analytics-v0", "--token-file=/tmp/token", "--node-ip", "auto",
        ]);

        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.Contains($"✓ the certificate authority of https://127.0.0.1:8443 has the SHA-256 {Pin()}", run.Output,
            StringComparison.Ordinal);
        Assert.True(run.Output.Contains("next: sudo smm-agent check\n        sudo smm-agent reconcile\n", StringComparison.Ordinal),
            run.Output);
        var settings = host.Read("/etc/smm/agent.yaml");
        foreach (var line in (string[])[
            "url: https://127.0.0.1:8443", "caFile: /etc/smm/dashboard-ca.pem", "namespace: vm-integration", "name: analytics-v0",
                "ip: auto"])
            Assert.Contains(line, settings, StringComparison.Ordinal);
        Assert.Equal(Token + "\n", host.Read("/etc/smm/bearer-token"));
        using var authority = X509Certificate2.CreateFromPem(host.Read("/etc/smm/dashboard-ca.pem"));
        Assert.Equal(Pin(), Convert.ToHexStringLower(SHA256.HashData(authority.RawData)));
    }

    [Theory]
    [MemberData(nameof(Downloaders))]
    public async Task AuthorityWithAnotherPinChangesNothing(string downloader)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await HostAsync(downloader);

        var run = await host.PipeAsync(script, options: ["--ca-sha256", new string('0', 64)]);

        Assert.Equal(1, run.ExitCode);
        Assert.Equal($"✗ no certificate at https://127.0.0.1:8443/get/ca.pem has the SHA-256 {new string('0', 64)}: check the value, or "
            + "another server answers there; nothing was changed\n", run.Error);
        Assert.Empty(host.Changes());
    }

    [Theory]
    [MemberData(nameof(Downloaders))]
    public async Task OnlyThePinnedCertificateIsTrusted(string downloader)
    {
        // wget and .NET accept a certificate after spaces. The server's certificate is from that authority.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var good = new CertificateRequest("CN=pinned", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var evil = await File.ReadAllTextAsync(testbed.AuthorityFile, TestContext.Current.CancellationToken);
        await using var server = await StandInServer.StartTlsAsync(
            testbed, $"{good.ExportCertificatePem()}\n {evil}\n", testbed.Deb1);
        var script = await testbed.ScriptAtAsync(StandInServer.TlsUrl, testbed.Deb1);
        await using var host = await HostAsync(downloader);
        var pin = Convert.ToHexStringLower(SHA256.HashData(good.RawData));

        var run = await host.PipeAsync(script, options: ["--ca-sha256", pin]);

        Assert.Contains($"has the SHA-256 {pin}", run.Output, StringComparison.Ordinal);
        Assert.Contains("is not trusted (", run.Error, StringComparison.Ordinal);
        Assert.Equal(1, run.ExitCode);
        Assert.Empty(host.Changes());
    }

    [Fact]
    public async Task AnswerWithManyCertificatesIsRefusedSoon()
    {
        var script = await testbed.ScriptAtAsync(StandInServer.TlsUrl, testbed.Deb1);
        var lines = string.Concat(Enumerable.Repeat("-----BEGIN\n", 20_000));
        await using var server = await StandInServer.StartTlsAsync(testbed, lines, testbed.Deb1);
        await using var host = await HostAsync("curl");

        var watch = System.Diagnostics.Stopwatch.StartNew();
        var run = await host.PipeAsync(script, options: ["--ca-sha256", new string('0', 64)]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("no certificate at", run.Error, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(15));
        Assert.Empty(host.Changes());
    }

    [Fact]
    public async Task CommandToRunAgainIsQuotedAndHasThePinOnly()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await HostAsync("curl");
        host.Write("/tmp/my token's", Token + "\n");
        host.Write("/usr/local/bin/apt-get", "#!/bin/sh\nexit 100\n", isExecutable: true);

        var run = await host.PipeAsync(script, options:
            ["--ca-sha256", Pin(), "--workload-group", "vm-integration/analytics-v0", "--token-file", "/tmp/my token's"]);

        Assert.Equal(1, run.ExitCode);
        Assert.EndsWith(
            $"run this again: curl -fsSL https://127.0.0.1:8443/get/smm-agent | sudo sh -s -- --ca-sha256 {Pin()} "
                + "--workload-group vm-integration/analytics-v0 --token-file '/tmp/my token'\\''s'\n",
            run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Downloaders))]
    public async Task DownloadUsesTheProxyOfTheOption(string downloader)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await HostAsync(downloader, isTrusting: true);

        var run = await host.PipeAsync(script, options: ["--proxy", "http://user:secret@127.0.0.1:9"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("could not be downloaded", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", run.Output + run.Error, StringComparison.Ordinal);
        Assert.Empty(host.Changes());
    }

    [Fact]
    public async Task PasswordOfTheProxyIsNoArgumentOfTheAgent()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await HostAsync("curl", isTrusting: true);
        Assert.Equal(0, (await host.PipeAsync(script)).ExitCode);
        host.Write("/usr/local/bin/smm-agent", "#!/bin/sh\necho \"$@\" >>/root/arguments\nexec /usr/bin/smm-agent \"$@\"\n",
            isExecutable: true);

        var run = await host.PipeAsync(script, options:
            ["--proxy", "http://user:secret@127.0.0.1:9", "--workload-group=vm-integration/analytics-v0", "--token-file=/tmp/token"]);

        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.Contains("http://user:secret@127.0.0.1:9", host.Read("/etc/smm/agent.yaml"), StringComparison.Ordinal);
        Assert.Contains("join https://127.0.0.1:8443", host.Read("/root/arguments"), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", host.Read("/root/arguments") + run.Output + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherConfigurationStays()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await HostAsync("curl", isTrusting: true);
        const string Present = "workloadGroup: {namespace: other, name: group}\n";
        host.Write("/etc/smm/agent.yaml", Present);

        var run = await host.PipeAsync(script, options: ["--workload-group=vm-integration/analytics-v0", "--token-file=/tmp/token"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("workloadGroup from other/group to vm-integration/analytics-v0", run.Output, StringComparison.Ordinal);
        Assert.Contains(Present, host.Read("/etc/smm/agent.yaml"), StringComparison.Ordinal);
        Assert.False(host.Has("/etc/smm/bearer-token"));
    }

    private string Pin()
    {
        using var authority = X509Certificate2.CreateFromPem(File.ReadAllText(testbed.AuthorityFile));
        return Convert.ToHexStringLower(SHA256.HashData(authority.RawData));
    }

    private async Task<ThrowAwayHost> HostAsync(string downloader, bool isTrusting = false)
    {
        var host = await testbed.HostAsync(isTrusting);
        host.Write("/tmp/token", Token + "\n");
        if (downloader == "wget")
            host.Remove("/usr/bin/curl");
        host.Settle();
        return host;
    }
}
