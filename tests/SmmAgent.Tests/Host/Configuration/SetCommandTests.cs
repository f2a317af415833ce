using SmmAgent.Cli;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Yaml;
using SmmAgent.Host;
using SmmAgent.Host.Configuration;
using SmmAgent.Linux.Files;

namespace SmmAgent.Tests.Host.Configuration;

public sealed class SetCommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("smm-set-").FullName;
    private readonly StringWriter _output = new();
    private readonly AgentPaths _paths;

    public SetCommandTests() => _paths = new AgentPaths(_directory);

    public void Dispose()
    {
        _output.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void FreshHostIsConfiguredWithThreeCommands()
    {
        Assert.Equal(0, SetDashboardUrl.Run(Writer(), "https://smm.example.com", false, null));
        Assert.Equal(0, SetWorkloadGroup.Run(Writer(), "vm-integration", "analytics-v0"));
        Assert.Equal(0, SetNodeIp.Run(Writer(), "3.67.91.181"));

        Assert.Equal(
            """
            dashboard:
              url: https://smm.example.com
            workloadGroup:
              namespace: vm-integration
              name: analytics-v0
            node:
              ip: 3.67.91.181

            """, File.ReadAllText(_paths.Settings));
        Assert.Equal(
            $"""
            ✓ dashboard url is set dashboard.url=https://smm.example.com config={_paths.Settings}
            ✓ workload group is set workloadGroup.namespace=vm-integration workloadGroup.name=analytics-v0 config={_paths.Settings}
            ✓ node ip is set node.ip=3.67.91.181 config={_paths.Settings}

            """, _output.ToString());
    }

    [Fact]
    public void ANewFileAndItsFolderAreClosedToOtherUsers()
    {
        Assert.Equal(0, SetNodeIp.Run(Writer(), "auto"));

        Assert.Equal("rw-r-----", Mode(_paths.Settings));
        Assert.Equal("rwxr-x---", Mode(_paths.ConfigDirectory));
    }

    [Fact]
    public void AnExistingFileKeepsItsModeItsOwnerAndALinkToIt()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root to give files away");
        var elsewhere = Path.Combine(_directory, "managed.yaml");
        AtomicFile.Write(elsewhere, "node: {ip: auto}"u8, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead,
            owner: new FileOwner(1234, 4321));
        Directory.CreateDirectory(_paths.ConfigDirectory);
        File.CreateSymbolicLink(_paths.Settings, elsewhere);

        Assert.Equal(0, SetNodeIp.Run(Writer(), "10.1.2.3"));

        Assert.Equal("node: {ip: 10.1.2.3}", File.ReadAllText(elsewhere));
        Assert.Equal(("rw----r--", new FileOwner(1234, 4321)), (Mode(elsewhere), FileOwner.Read(elsewhere)));
        Assert.NotNull(new FileInfo(_paths.Settings).LinkTarget);
    }

    [Fact]
    public void TheSameValueAgainIsUnchangedAndWritesNothing()
    {
        Put("node: {ip: \"10.1.2.3\"} # mine");
        var written = File.GetLastWriteTimeUtc(_paths.Settings);
        File.SetLastWriteTimeUtc(_paths.Settings, written.AddHours(-1));

        Assert.Equal(0, SetNodeIp.Run(Writer(), "10.1.2.3"));

        Assert.Equal(written.AddHours(-1), File.GetLastWriteTimeUtc(_paths.Settings));
        Assert.Contains("node ip is unchanged", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void PlainHttpIsRefusedWithTheCommandThatAllowsIt()
    {
        Assert.Equal(2, SetDashboardUrl.Run(Writer(), "http://10.0.0.1:8080/", false, null));
        Assert.Contains("clear text", _output.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("sudo smm-agent set dashboard-url http://10.0.0.1:8080 --allow-plaintext\n", _output.ToString(),
            StringComparison.Ordinal);
        Assert.False(File.Exists(_paths.Settings));

        Assert.Equal(0, SetDashboardUrl.Run(Writer(), "http://10.0.0.1:8080", true, null));
        var settings = SettingsReader.Read(File.ReadAllBytes(_paths.Settings)).Settings!;
        Assert.Equal((new Uri("http://10.0.0.1:8080"), true), (settings.DashboardUrl, settings.AllowPlaintext));
    }

    [Theory]
    [InlineData("smm.example.com", "not an absolute http or https URL")]
    [InlineData("https://smm.example.com/path", "https://smm.example.com would be right")]
    [InlineData("https://user:pw@smm.example.com", "has a user name or password")]
    public void AnInvalidUrlIsReportedWithTheReasonAndAnExample(string url, string message)
    {
        Assert.Equal(2, SetDashboardUrl.Run(Writer(), url, true, null));
        AssertRefused(message, "sudo smm-agent set dashboard-url https://smm.example.com");
    }

    [Theory]
    [InlineData("Upper", "a", "the namespace 'Upper' is not an RFC 1123 label")]
    [InlineData("a", "a_b", "the name 'a_b' is not an RFC 1123 name")]
    public void AnInvalidWorkloadGroupIsReportedWithTheReasonAndAnExample(string group, string name, string message)
    {
        Assert.Equal(2, SetWorkloadGroup.Run(Writer(), group, name));
        AssertRefused(message, "sudo smm-agent set workload-group vm-integration/analytics-v0");
    }

    [Theory]
    [InlineData("10.0.0", "'10.0.0' is neither an IP address nor auto")]
    [InlineData("127.0.0.1", "a loopback address")]
    [InlineData("169.254.169.254",
        "'169.254.169.254' is the address of a cloud's own metadata service: set the address under which the cluster "
            + "reaches this VM, or auto")]
    [InlineData("169.254.7.7", "'169.254.7.7' is a link-local address: ")]
    [InlineData("::ffff:10.0.0.1", "'::ffff:10.0.0.1' is an IPv4 address written as an IPv6 one (10.0.0.1)")]
    [InlineData("2002:808:808::1", "'2002:808:808::1' is an address for translation between IPv4 and IPv6 (6to4, Teredo or NAT64)")]
    public void AnInvalidAddressIsReportedWithTheReasonAndAnExample(string address, string message)
    {
        Assert.Equal(2, SetNodeIp.Run(Writer(), address));
        AssertRefused(message, "sudo smm-agent set node-ip 3.67.91.181");
    }

    [Theory]
    [InlineData("true", "on")]
    [InlineData("On", "on")]
    [InlineData("FALSE", "off")]
    public void BooleanIsWrittenAsAWord(string typed, string word)
    {
        Assert.Equal(0, SetWord.Run(Writer(), "self-upgrade", new("", "selfUpgrade", typed), ["on", "off"]));

        Assert.Contains($"selfUpgrade: \"{word}\"", File.ReadAllText(_paths.Settings), StringComparison.Ordinal);
    }

    [Fact]
    public void MistypedWordGetsASuggestion()
    {
        Assert.Equal(2, SetWord.Run(Writer(), "sidecar-mode", new("sidecar", "mode", "of"), ["manage", "check", "off"]));

        AssertRefused("'of' is not one of manage, check, off", "sudo smm-agent set sidecar-mode off");
    }

    [Fact]
    public void ACaFileMustHoldACertificate()
    {
        var missing = Path.Combine(_directory, "missing.pem");
        Assert.Equal(2, SetDashboardUrl.Run(Writer(), "https://smm.example.com", false, missing));
        AssertRefused($"--ca-file: {missing} does not exist", "--ca-file");

        var empty = Path.Combine(_directory, "empty.pem");
        AtomicFile.Write(empty, "nothing", AtomicFile.Public);
        Assert.Equal(2, SetDashboardUrl.Run(Writer(), "https://smm.example.com", false, empty));
        AssertRefused("has no certificate in PEM", "--ca-file");
    }

    [Fact]
    public void ACaFileIsKeptAsAnAbsolutePath()
    {
        using var key = System.Security.Cryptography.ECDsa.Create();
        using var certificate = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=a", key, System.Security.Cryptography.HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        AtomicFile.Write(Path.Combine(_directory, "ca.pem"), certificate.ExportCertificatePem(), AtomicFile.Public);
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, Path.Combine(_directory, "ca.pem"));

        Assert.Equal(0, SetDashboardUrl.Run(Writer(), "https://smm.example.com", false, relative));

        Assert.Equal(Path.Combine(_directory, "ca.pem"), SettingsReader.Read(File.ReadAllBytes(_paths.Settings)).Settings!.CaFile);
        // The folder of the test is below /tmp, and the daemon has its own /tmp.
        Assert.StartsWith(
            $"! smm-agent.service cannot read {Path.Combine(_directory, "ca.pem")}: sudo install -m 0644 "
                + $"{Path.Combine(_directory, "ca.pem")} /etc/smm/dashboard-ca.pem && ",
            _output.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void AnErrorElsewhereIsReportedAndTheEditIsMade()
    {
        Put("firewall: {mode: of} # oops\nnode: {ip: nowhere}\n");

        Assert.Equal(0, SetNodeIp.Run(Writer(), "10.1.2.3"));

        Assert.Equal("firewall: {mode: of} # oops\nnode: {ip: 10.1.2.3}\n", File.ReadAllText(_paths.Settings));
        Assert.Contains("✗ " + _paths.Settings
            + ": firewall.mode: line 1: 'of' is not one of manage, check, off; the last valid settings stay in effect", _output.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void AnInvalidYamlFileIsNotChanged()
    {
        Put("node: {ip: auto\n");

        Assert.Equal(2, SetNodeIp.Run(Writer(), "10.1.2.3"));

        Assert.Equal("node: {ip: auto\n", File.ReadAllText(_paths.Settings));
        Assert.Contains("is not valid YAML", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AnEditThatWouldMakeTheFileTooLargeIsRefused()
    {
        Put("#" + new string('x', SettingsReader.MaximumBytes - 2) + "\n");

        Assert.Equal(2, SetNodeIp.Run(Writer(), "10.1.2.3"));
        Assert.Equal(SettingsReader.MaximumBytes, new FileInfo(_paths.Settings).Length);
    }

    [Fact]
    public async Task ConcurrentChangesAreAllKept()
    {
        var changes = Enumerable.Range(0, 40).Select(i => Task.Run(() =>
        {
            using var output = new StringWriter();
            return new SettingsWriter(_paths.Settings, new Progress(output, colour: false), TimeProvider.System, isPrivileged: true).Set(
                "a", new SettingChange($"section{i}", "key", "value"));
        }));

        Assert.All(await Task.WhenAll(changes), code => Assert.Equal(0, code));
        var written = await File.ReadAllTextAsync(_paths.Settings, TestContext.Current.CancellationToken);
        Assert.All(Enumerable.Range(0, 40), i => Assert.Contains($"section{i}:\n  key: value\n", written, StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheCommandLineKnowsTheCommandsAndTheirMistakes()
    {
        Assert.Equal(0, await AgentCommandLine.RunAsync(["--root", _directory, "set", "node-ip", "auto"]));
        Assert.True(File.Exists(_paths.Settings));
        Assert.Equal(2, await AgentCommandLine.RunAsync(["--root", _directory, "set", "node-ip"]));
        Assert.Equal(2, await AgentCommandLine.RunAsync(["--root", _directory, "set", "node-ipp", "auto"]));
        Assert.Equal(2, await AgentCommandLine.RunAsync(["--root", _directory, "set", "workload-group", "one"]));
        Assert.Equal(2, await AgentCommandLine.RunAsync(["--root", _directory, "set", "bearer-token"]));
        Assert.Equal(2, await AgentCommandLine.RunAsync(["--root", _directory, "set", "bearer-token", "abc", "--file", "x"]));
        Assert.False(File.Exists(_paths.BearerToken));
    }

    [Fact]
    public void QuotedTextReachesTheTerminalWithoutControlCharacters()
    {
        new Progress(_output, colour: false).Failed("key '\e[2J\r\u009b' is refused");

        Assert.Equal("✗ key ' [2J  ' is refused\n", _output.ToString());
    }

    private SettingsWriter Writer() =>
        new(_paths.Settings, new Progress(_output, colour: false), TimeProvider.System, Environment.IsPrivilegedProcess);

    private void AssertRefused(string reason, string example)
    {
        Assert.Contains(reason, _output.ToString(), StringComparison.Ordinal);
        Assert.Contains(example, _output.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(_paths.Settings));
    }

    private void Put(string yaml)
    {
        Directory.CreateDirectory(_paths.ConfigDirectory);
        AtomicFile.Write(_paths.Settings, yaml, AtomicFile.Public);
    }

    internal static string Mode(string path)
    {
        var mode = File.GetUnixFileMode(path);
        return string.Concat(Enumerable.Range(0, 9).Select(i => ((int)mode >> (8 - i) & 1) == 1 ? "rwx"[i % 3] : '-'));
    }
}
