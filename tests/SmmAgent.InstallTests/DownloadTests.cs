using System.Diagnostics;

namespace SmmAgent.InstallTests;

/// <summary>
/// A file that is not the package that the script knows is not installed, regardless of its sender; the host stays unchanged.
/// </summary>
[Collection(InstallTestbed.Name)]
public sealed class DownloadTests(InstallTestbed testbed)
{
    public static TheoryData<string> Downloaders => ["curl", "wget"];

    [Theory]
    [MemberData(nameof(Downloaders))]
    public async Task SwappedPackageIsNotInstalled(string downloader)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await HostAsync(downloader);
        var other = await File.ReadAllBytesAsync(testbed.Deb1, TestContext.Current.CancellationToken);
        other[^1] ^= 1;
        await File.WriteAllBytesAsync(testbed.Served(testbed.Deb1), other, TestContext.Current.CancellationToken);

        var run = await host.PipeAsync(script);

        Refused(host, run, "has the SHA-256 ");
        Assert.Contains($"instead of {Sha256Of(script)}: it was changed on the way, or replaced meanwhile; run this again", run.Error,
            StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Downloaders))]
    public async Task PackageOfAnotherLengthIsNotInstalled(string downloader)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await HostAsync(downloader);
        await File.WriteAllTextAsync(testbed.Served(testbed.Deb1), "short", TestContext.Current.CancellationToken);

        Refused(host, await host.PipeAsync(script),
            $"has 5 bytes instead of {new FileInfo(testbed.Deb1).Length}: it was truncated, or replaced meanwhile; run this again");
    }

    [Theory]
    [InlineData("curl", "was refused (curl: (22) The requested URL returned error: 404")]
    [InlineData("wget", "was refused (")]
    public async Task MissingPackageIsReportedWithTheRemediation(string downloader, string why)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await HostAsync(downloader);
        File.Delete(testbed.Served(testbed.Deb1));

        var run = await host.PipeAsync(script);

        Refused(host, run, why);
        Assert.Contains("404", run.Error, StringComparison.Ordinal);
        Assert.Contains(
            "the dashboard may have newer packages now, run this again; nothing was changed", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("curl", "is not trusted (curl: (60) ")]
    [InlineData("wget", "is not trusted (")]
    public async Task UntrustedAuthorityIsReportedWithTheOptionForIt(string downloader, string why)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await HostAsync(downloader, isTrusting: false);

        var run = await host.PipeAsync(script);

        Refused(host, run, why);
        Assert.Contains("with a private certificate authority use --ca-file FILE", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Downloaders))]
    public async Task UnreachableDashboardIsReported(string downloader)
    {
        var script = await testbed.ScriptAtAsync("https://127.0.0.1:9", testbed.Deb1);
        await using var host = await HostAsync(downloader);

        Refused(host, await host.PipeAsync(script), "could not be downloaded (", at: "https://127.0.0.1:9");
    }

    [Theory]
    [MemberData(nameof(Downloaders))]
    public async Task TruncatedDownloadIsNotInstalled(string downloader)
    {
        await using var server = await StandInServer.StartAsync(
            testbed, $"HTTP/1.1 200 OK\nContent-Length: {new FileInfo(testbed.Deb1).Length}\nConnection: close\n\n", "/etc/passwd");
        var script = await testbed.ScriptAtAsync(StandInServer.Url, testbed.Deb1);
        await using var host = await HostAsync(downloader);

        // wget requests the rest, and receives the start again.
        var run = await host.PipeAsync(script, options: "--allow-plaintext");

        Refused(host, run, downloader == "curl" ? "could not be downloaded (curl: (18) " : "", at: StandInServer.Url);
    }

    [Theory]
    [MemberData(nameof(Downloaders))]
    public async Task EndlessDownloadIsLimitedToThePackageSize(string downloader)
    {
        await using var server = await StandInServer.StartAsync(testbed, "HTTP/1.1 200 OK\nConnection: close\n\n", "/dev/zero");
        var script = await testbed.ScriptAtAsync(StandInServer.Url, testbed.Deb1);
        await using var host = await HostAsync(downloader);

        var run = await host.PipeAsync(script, options: "--allow-plaintext");

        Refused(host, run, "could not be downloaded (", at: StandInServer.Url);
        Assert.DoesNotContain("No space left", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("curl", "answered 302: the server is not the dashboard")]
    [InlineData("wget", "was refused (")]
    public async Task RedirectIsNotFollowed(string downloader, string why)
    {
        // The redirect leads to the right package: only the redirect itself is refused.
        await using var server = await StandInServer.StartAsync(
            testbed, $"HTTP/1.1 302 Found\nLocation: {InstallTestbed.PlainUrl}/packages/{Path.GetFileName(testbed.Deb1)}\nContent-Length: "
                + $"0\nConnection: close\n\n", "/dev/null");
        var script = await testbed.ScriptAtAsync(StandInServer.Url, testbed.Deb1);
        await using var host = await HostAsync(downloader);

        Refused(host, await host.PipeAsync(script, options: "--allow-plaintext"), why, at: StandInServer.Url);
    }

    [Fact]
    public async Task SettingsFilesOfTheDownloadersAreIgnored()
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await HostAsync("curl", isTrusting: false);
        host.Write("/root/.curlrc", "insecure\n");
        host.Settle();
        Refused(host, await host.PipeAsync(script), "is not trusted (");

        await using var second = await HostAsync("wget", isTrusting: false);
        second.Write("/root/.wgetrc", "check_certificate = off\n");
        second.Settle();
        Refused(second, await second.PipeAsync(script), "is not trusted (");
    }

    [Theory]
    [InlineData("sh", "curl", "INT", 130)]
    [InlineData("sh", "wget", "INT", 130)]
    [InlineData("bash --posix", "curl", "INT", 130)]
    [InlineData("busybox sh", "curl", "TERM", 143)]
    public async Task InterruptedDownloadLeavesNothing(string shell, string downloader, string signal, int exitCode)
    {
        // The server sends the start of the package, and then nothing.
        await using var server = await StandInServer.StartAsync(testbed, "HTTP/1.1 200 OK\nContent-Length: 5\n\nabc", "-");
        var script = await testbed.ScriptAtAsync(StandInServer.Url, testbed.Deb1);
        await using var host = await HostAsync(downloader);

        var watch = Stopwatch.StartNew();
        var run = await host.InterruptAsync(
            script, shell, signal, () => host.Run("find", "/tmp", "-name", "smm-agent_*").Length > 0, "--allow-plaintext");

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Empty(host.Changes());
        // The download itself would give up after 90 s at the earliest.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(60));
    }

    private static void Refused(ThrowAwayHost host, Testbed.CommandOutput run, string why, string at = InstallTestbed.Url)
    {
        Assert.Equal(1, run.ExitCode);
        Assert.Matches(
            $"^❯ smm-agent 0\\.1\\.0 for [^\n]+, {TestPackages.DebArchitecture}: {at}/packages/smm-agent_[^\n]+\\.deb\n$", run.Output);
        var line = Assert.Single(run.Error.TrimEnd('\n').Split('\n'), line => !line.StartsWith("! ", StringComparison.Ordinal));
        Assert.StartsWith($"✗ {at}/packages/smm-agent_0.1.0_{TestPackages.DebArchitecture}.deb {why}", line, StringComparison.Ordinal);
        Assert.EndsWith("; nothing was changed", line, StringComparison.Ordinal);
        Assert.Empty(host.Changes());
    }

    private async Task<ThrowAwayHost> HostAsync(string downloader, bool isTrusting = true)
    {
        var host = await testbed.HostAsync(isTrusting);
        host.Remove(downloader == "curl" ? "/usr/bin/wget" : "/usr/bin/curl");
        host.Settle();
        return host;
    }

    private static string Sha256Of(string script) =>
        script[(script.IndexOf("\npackages='", StringComparison.Ordinal) + "\npackages='".Length)..][..64];
}
