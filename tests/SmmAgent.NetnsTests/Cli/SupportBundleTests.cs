using System.Text;
using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Cli;

/// <summary>A support bundle contains no secret: the tests plant secrets in every source and search the bundle for them.</summary>
public sealed class SupportBundleTests(BedFixture fixture) : IClassFixture<BedFixture>, IDisposable
{
    private const string AgentKey = "kQ7vXw2mZp9sLr4tYb6nHc8dJf3gKa5eUo1iWq0xTzM";
    private const string SidecarToken = "sidecar.0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    private const string Jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6YTpiIn0.c2lnbmF0dXJlLW9mLWl0";
    private const string KeyBody = "wR3kT8vQ1zN6pL0sXyB5mHcJ2dF7gA4eUo9iWfK5tZqPbE6x";
    private const string Password = "hunter2-of-the-proxy";

    private readonly string _folder = Directory.CreateTempSubdirectory("smm-bundle-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task PlantedSecretsAreAbsentFromTheBundle()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        var token = bed.Mesh.Token;
        await PlantAsync(agent, token);

        var bundle = Path.Combine(_folder, "bundle.tar.gz");
        var made = await Terminal.PipedAsync(
            agent.Command("support-bundle", "--file", bundle),
            $"PATH={Programs(token)}:{Environment.GetEnvironmentVariable("PATH")}",
            $"SMM_TOKEN={token}",
            $"HTTPS_PROXY=http://operator:{Password}@127.0.0.1:9");

        Assert.True(made.ExitCode == 0, made.Output + made.Error);
        var files = await UnpackAsync(bundle);
        var searched = files.ToDictionary(file => file.Key, file => file.Value);
        searched["(printed)"] = made.Output + made.Error;
        foreach (var (name, text) in searched)
        {
            foreach (var secret in (string[])[token, AgentKey, SidecarToken, Jwt, KeyBody, Password])
                AssertNothingOf(secret, name, text);
            foreach (var form in Base64(token))
                AssertNothingOf(form, name, text);
        }

        // Each source was collected: the text beside the secret is there, with the replacement of the secret.
        Assert.Contains("# planted: [redacted]", files["agent.yaml"], StringComparison.Ordinal);
        Assert.Contains("[redacted].example.com", files["network/hosts"], StringComparison.Ordinal);
        Assert.Contains("# planted [redacted]", files["network/resolv.conf"], StringComparison.Ordinal);
        Assert.Contains("planted-rule-[redacted]", files["firewall/iptables-save.txt"], StringComparison.Ordinal);
        Assert.Contains("comment \"planted-nft-[redacted]\"", files["firewall/nft.txt"], StringComparison.Ordinal);
        Assert.Contains("\"planted\":\"[redacted]\"", files["mesh-config/host.json"], StringComparison.Ordinal);
        Assert.Contains("the dashboard refused [redacted]", files["status.json"], StringComparison.Ordinal);
        Assert.Contains("Environment=PLANTED=[redacted]", files["systemd/etc/systemd/system/smm-agent.service.d/override.conf"],
            StringComparison.Ordinal);
        Assert.Contains("Authorization: [redacted]", files["systemd/journal.txt"], StringComparison.Ordinal);
        Assert.Contains("http://[redacted]@127.0.0.1:9", files["systemd/journal.txt"], StringComparison.Ordinal);
        Assert.Contains("the last line", files["systemd/journal.txt"], StringComparison.Ordinal);
        Assert.Contains("PLANTED='[redacted]'", files["sidecar/cluster.env"], StringComparison.Ordinal);
        Assert.Contains("planted: [redacted]", files["sidecar/mesh"], StringComparison.Ordinal);
        Assert.Contains("token [redacted] was refused", files["sidecar/istio.err.log"], StringComparison.Ordinal);
        Assert.Contains("the dashboard refused [redacted]", files["sidecar/report.json"], StringComparison.Ordinal);
        Assert.Contains("istio-token", files["sidecar/files.txt"], StringComparison.Ordinal);
        Assert.Contains("missing    sidecar/istio.log: there is no ", files["INDEX.txt"], StringComparison.Ordinal);
        Assert.Contains("missing    mesh-config/daemon.json: there is no ", files["INDEX.txt"], StringComparison.Ordinal);
        Assert.Contains("collected  agent.yaml: ", files["INDEX.txt"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task BundleFileIsPrivateAndIsNotOverwritten()
    {
        await using var agent = new VmAgent(fixture.Bed);
        var bundle = Path.Combine(_folder, "bundle.tar.gz");
        Assert.Equal(0, agent.Run("support-bundle", "--file", bundle).ExitCode);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(bundle));
        var written = File.ReadAllBytes(bundle);

        var (code, output) = agent.Run("support-bundle", "--file", bundle);

        Assert.Equal(1, code);
        Assert.Contains("the file exists and is not overwritten", output, StringComparison.Ordinal);
        Assert.Equal(written, File.ReadAllBytes(bundle));
    }

    [Theory]
    [InlineData(Signals.Interrupt)]
    [InlineData(Signals.Terminate)]
    public async Task InterruptedBundleLeavesNoFile(int signal)
    {
        await using var agent = new VmAgent(fixture.Bed);
        var (bundle, started) = (Path.Combine(_folder, "bundle.tar.gz"), Path.Combine(_folder, "started"));
        var programs = Directory.CreateDirectory(Path.Combine(_folder, "slow")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(programs, "uname"), $"#!/bin/sh\ntouch '{started}'\nexec sleep 10\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(Path.Combine(programs, "uname"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using var running = new TestbedProcess(
            agent.Command("support-bundle", "--file", bundle),
            new Dictionary<string, string> { ["PATH"] = $"{programs}:{Environment.GetEnvironmentVariable("PATH")}" });
        await Until.TrueAsync(() => File.Exists(started), "it is at work", lastSeen: () => running.Output);
        Assert.True(File.Exists(bundle));

        running.Signal(signal);

        Assert.Equal(128 + signal, await running.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        Assert.False(File.Exists(bundle));
    }

    [Fact]
    public async Task LinksOfTheDaemonAreNotFollowed()
    {
        await using var agent = new VmAgent(fixture.Bed);
        Put(agent, "etc/shadow", "root:planted-hash\n");
        Put(agent, "run/smm-agent/status.json", "");
        var status = Path.Combine(agent.Root, "run/smm-agent/status.json");
        File.Delete(status);
        File.CreateSymbolicLink(status, Path.Combine(agent.Root, "etc/shadow"));

        var bundle = Path.Combine(_folder, "bundle.tar.gz");
        Assert.Equal(0, agent.Run("support-bundle", "--file", bundle).ExitCode);
        File.Delete(status);

        var files = await UnpackAsync(bundle);
        Assert.All(files.Values, text => Assert.DoesNotContain("planted-hash", text, StringComparison.Ordinal));
        Assert.Contains("status.json is a link, which smm-agent never creates", files["INDEX.txt"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task DropInWithALongNameAffectsOnlyItself()
    {
        await using var agent = new VmAgent(fixture.Bed);
        var name = new string('a', 120) + ".conf";
        Put(agent, $"etc/systemd/system/smm-agent.service.d/{name}", "[Service]\n");

        var bundle = Path.Combine(_folder, "bundle.tar.gz");
        Assert.Equal(0, agent.Run("support-bundle", "--file", bundle).ExitCode);

        var files = await UnpackAsync(bundle);
        Assert.Contains($"{name}: the name is longer than 100 bytes", files["INDEX.txt"], StringComparison.Ordinal);
        Assert.Contains("version.txt", files.Keys);
    }

    private async Task PlantAsync(VmAgent agent, string token)
    {
        var bed = fixture.Bed;
        bed.Mesh.Annotations = [("planted", token)];
        bed.Mesh.Write();
        await Until.TrueAsync(
            () => agent.Run("reconcile").ExitCode == 0 && SavedConfig(agent).Contains(token, StringComparison.Ordinal),
            "reconcile has saved the planted annotation",
            lastSeen: () => SavedConfig(agent));
        var settings = Path.Combine(agent.ConfigFolder, "agent.yaml");
        agent.WriteSettings(
            $"{await File.ReadAllTextAsync(settings)}\n# planted: {token}\n# in base64: {Base64(token)[1]}\n# {token[..24]}\n# "
                + $"  {token[24..]}\n");
        Put(agent, "etc/hosts", $"127.0.0.1 localhost {token}.example.com {AgentKey} # {SidecarToken}\n");
        Put(agent, "etc/resolv.conf", $"# planted {token}\nnameserver 127.0.0.1\n");
        Put(agent, "etc/systemd/system/smm-agent.service.d/override.conf", $"[Service]\nEnvironment=PLANTED={token}\n");
        Put(agent, "var/run/secrets/tokens/istio-token", SidecarToken);
        Put(agent, "etc/smm/sidecar/cluster.env", $"CA_ADDR='istiod:15012'\nPLANTED='{token}'\n");
        Put(agent, "etc/istio/config/mesh", $"# planted: {token}\n");
        Put(agent, "var/log/istio/istio.err.log", $"2026-01-02T03:04:05Z error the token {SidecarToken} was refused\n");
        Put(agent, "run/smm-agent-host/report.json", $"{{\"message\":\"the dashboard refused {token}\"}}");
        Put(agent, "var/lib/smm-agent/identity.json", $"{{\"uuid\":\"0327b100-a008-4364-a2b3-7d1777bb5b9a\",\"key\":\"{AgentKey}\"}}");
        Put(agent, "run/smm-agent/status.json", $"{{\"message\":\"the dashboard refused {token}\", \"piece\":\"{token[5..30]}...\"}}");
        bed.Vm.Run("nft", $"table inet planted {{ chain none {{ accept comment \"planted-nft-{token}\"; }}; }}");
        bed.Vm.Run("iptables", "-w", "-A", "INPUT", "-p", "tcp", "--dport", "9", "-m", "comment", "--comment", $"planted-rule-{token}",
            "-j", "ACCEPT");
    }

    // The testbed has no journal: this program prints the entries of a careless program.
    private string Programs(string token)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "bin")).FullName;
        var journal = Path.Combine(folder, "journalctl");
        File.WriteAllText(journal, $"""
            #!/bin/sh
            cat <<'END'
            GET /mesh-config Authorization: Bearer {token}
            Authorization: Basic {Base64(token)[0]}
            got {Jwt} from it
            proxy http://operator:{Password}@127.0.0.1:9
            agent key {AgentKey}, sidecar {SidecarToken}
            -----BEGIN PRIVATE KEY-----
            {KeyBody}
            -----END PRIVATE KEY-----
            the last line
            END
            """);
        File.SetUnixFileMode(journal, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return folder;
    }

    private async Task<Dictionary<string, string>> UnpackAsync(string bundle)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "unpacked")).FullName;
        Assert.Equal(0, (await Terminal.PipedAsync(["tar", "-xzf", bundle, "-C", folder])).ExitCode);
        var top = Assert.Single(Directory.GetDirectories(folder));
        return Directory.EnumerateFiles(top, "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(top, file), File.ReadAllText);
    }

    // Sixteen characters of a secret are enough to recognise it.
    private static void AssertNothingOf(string secret, string name, string text)
    {
        for (var i = 0; i + 16 <= secret.Length; i++)
            Assert.False(text.Contains(secret.AsSpan(i, 16), StringComparison.Ordinal), $"{name} has '{secret.Substring(i, 16)}':\n{text}");
    }

    /// <summary>
    /// The three ways in which base64 of something longer shows the secret, without the ends that depend on its neighbours.
    /// </summary>
    private static string[] Base64(string secret) =>
    [
        .. ((string[])["", "u", "u:"]).Select(before => Convert.ToBase64String(Encoding.UTF8.GetBytes(before + secret))[4..^4]),
    ];

    private static void Put(VmAgent agent, string path, string text)
    {
        var file = Path.Combine(agent.Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private static string SavedConfig(VmAgent agent)
    {
        var file = Path.Combine(agent.Root, "var/lib/smm-agent-host/mesh-config.json");
        if (!File.Exists(file))
            return "";

        using var saved = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(file));
        return Encoding.UTF8.GetString(saved.RootElement.GetProperty("body").GetBytesFromBase64());
    }
}
