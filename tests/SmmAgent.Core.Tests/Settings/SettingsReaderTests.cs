using CsCheck;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Tests.Settings;

public sealed class SettingsReaderTests
{
    [Fact]
    public void ExampleHasTheDefaultsWithoutErrorsOrWarnings()
    {
        var reading = SettingsReader.Read(Example());

        Assert.Empty(reading.Errors);
        Assert.Empty(reading.Warnings);
        Assert.True(SettingsEquality.Same(new AgentSettings(), reading.Settings!));
    }

    [Fact]
    public void ExampleNamesEveryKeyAndItsCommentedKeysAreValid()
    {
        var all = string.Join('\n',
            Example().Split('\n').Select(
                line => line.TrimStart().StartsWith("# ", StringComparison.Ordinal) ? ""
                : line.Replace("#", "", StringComparison.Ordinal)));

        var reading = SettingsReader.Read(all);

        Assert.Empty(reading.Errors);
        Assert.Empty(reading.Warnings);
        foreach (var key in SettingsKeys.All)
            Assert.Contains(key[(key.LastIndexOf('.') + 1)..] + ":", all, StringComparison.Ordinal);
        Assert.Equal("Sun 02:00-04:00", reading.Settings!.Sidecar.RestartWindow?.ToString());
    }

    [Fact]
    public void AllKeysAreRead()
    {
        var settings = SettingsReader.Read("""
            dashboard: {url: "http://10.0.0.1:8080", allowPlaintext: true}
            workloadGroup:
              namespace: vm-integration
              name: analytics-v0
            node: {ip: "fd00::1", addressProviders: [https://a.example/ip, https://b.example]}
            firewall: {mode: off, managementPorts: [16400]}
            sidecar: {mode: check, restartPolicy: window, restartWindow: Sun 22:00-04:00, allowPlaintextPackages: true, allowUnsignedPackages: true}
            packages: {trustedKeys: MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=}
            selfUpgrade: off
            uuid: 0327b100-a008-4364-a2b3-7d1777bb5b9a
            """).Settings!;

        Assert.Equal(new Uri("http://10.0.0.1:8080"), settings.DashboardUrl);
        Assert.Equal(("vm-integration", "analytics-v0"), (settings.Namespace, settings.Name));
        Assert.Equal("fd00::1", settings.NodeIp!.ToString());
        Assert.Equal(["https://a.example/ip", "https://b.example/"],
            settings.AddressProviders.Select(provider => provider.Url!.AbsoluteUri));
        Assert.Equal(ManagementMode.Off, settings.FirewallMode);
        Assert.Equal([16400], settings.ManagementPorts);
        Assert.Equal(new SidecarSettings
        {
            Mode = ManagementMode.Check,
            RestartPolicy = RestartPolicy.Window,
            RestartWindow = new(DayOfWeek.Sunday, new(22, 0), new(4, 0)),
            AllowPlaintextPackages = true,
            AllowUnsignedPackages = true,
        }, settings.Sidecar);
        Assert.Equal(["MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="], settings.TrustedKeys!.Select(key => key.Text));
        Assert.False(settings.SelfUpgrade);
        Assert.Equal(Guid.Parse("0327b100-a008-4364-a2b3-7d1777bb5b9a"), settings.Uuid);
    }

    [Theory]
    [InlineData("selfUpgrade: false", false, ManagementMode.Manage)]
    [InlineData("selfUpgrade: yes", true, ManagementMode.Manage)]
    [InlineData("sidecar: {mode: false}", true, ManagementMode.Off)]
    [InlineData("sidecar: {mode: no}", true, ManagementMode.Off)]
    public void BooleanStandsForOnAndOff(string yaml, bool selfUpgrade, ManagementMode mode)
    {
        var settings = SettingsReader.Read(yaml).Settings!;

        Assert.Equal((selfUpgrade, mode), (settings.SelfUpgrade, settings.Sidecar.Mode));
    }

    [Fact]
    public void TrustedKeysAreOneKeyOrAListAndAnEmptyListIsNotTheDefault()
    {
        const string Key = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
        Assert.Null(SettingsReader.Read("packages: {}").Settings!.TrustedKeys);
        Assert.Empty(SettingsReader.Read("packages: {trustedKeys: []}").Settings!.TrustedKeys!);
        Assert.Equal(
            [Key], SettingsReader.Read($"packages: {{trustedKeys: [{Key}, {Key}]}}").Settings!.TrustedKeys!.Select(key => key.Text));
        Assert.Equal([new string('a', 64)],
            SettingsReader.Read($"sidecar: {{packageSha256s: [{new string('A', 64)}]}}").Settings!.Sidecar.PackageSha256s);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n")]
    [InlineData("dashboard:\nnode:\n  ip:\n")]
    [InlineData("\uFEFFnode: {ip: auto}")]
    public void MissingKeyHasItsDefault(string yaml) =>
    Assert.True(SettingsEquality.Same(new AgentSettings(), SettingsReader.Read(System.Text.Encoding.UTF8.GetBytes(yaml)).Settings!));

    [Theory]
    [InlineData("dashboard: {url: smm.example.com}", "dashboard.url", "not an absolute http or https URL")]
    [InlineData("dashboard: {url: ftp://smm.example.com}", "dashboard.url", "not an absolute http or https URL")]
    [InlineData("dashboard: {url: https://smm.example.com/path}", "dashboard.url", "https://smm.example.com would be right")]
    [InlineData("dashboard: {url: https://user:pw@smm.example.com}", "dashboard.url", "user name or password")]
    [InlineData("dashboard: {url: http://smm.example.com}", "dashboard.url", "sudo smm-agent set dashboard-url URL --allow-plaintext")]
    [InlineData("sidecar: off", "sidecar", "is not a section of keys and values; write: sidecar: {mode: off}")]
    [InlineData("firewall: check", "firewall", "is not a section of keys and values; write: firewall: {mode: check}")]
    [InlineData("sidecar: {mode: true}", "sidecar.mode", "'true' is not one of manage, check, off")]
    [InlineData("dashboard: {allowPlaintext: yes}", "dashboard.allowPlaintext", "'yes' is neither true nor false")]
    [InlineData("dashboard: {allowPlaintext: \"true\"}", "dashboard.allowPlaintext", "neither true nor false")]
    [InlineData("dashboard: {caFile: ca.pem}", "dashboard.caFile", "not an absolute path")]
    [InlineData("dashboard: [a]", "dashboard", "not a section")]
    [InlineData("- a", "", "not a section")]
    [InlineData("workloadGroup: {namespace: Upper}", "workloadGroup.namespace", "not an RFC 1123 label")]
    [InlineData("workloadGroup: {name: a_b}", "workloadGroup.name", "not an RFC 1123 name")]
    [InlineData("workloadGroup: {name: [a]}", "workloadGroup.name", "a list is not a single value")]
    [InlineData("node: {ip: 10.0.0}", "node.ip", "neither an IP address nor auto")]
    [InlineData("node: {ip: 127.0.0.1}", "node.ip", "a loopback address")]
    [InlineData("node: {ip: 0.0.0.0}", "node.ip", "the unspecified address")]
    [InlineData("node: {ip: 224.0.0.1}", "node.ip", "a multicast address")]
    [InlineData("node: {ip: 169.254.169.254}", "node.ip", "the address of a cloud's own metadata service")]
    [InlineData("node: {ip: 203.0.113.7}", "node.ip", "an address reserved for documentation")]
    [InlineData("node: {ip: \"::ffff:10.0.0.1\"}", "node.ip", "an IPv4 address written as an IPv6 one")]
    [InlineData("node: {addressProviders: https://a.example}", "node.addressProviders", "is not a list")]
    [InlineData("node: {addressProviders: [https://a.example, file:///etc/passwd]}", "node.addressProviders[1]",
        "not the word dashboard or an absolute http or https URL")]
    [InlineData("firewall: {mode: manages}", "firewall.mode", "not one of manage, check, off")]
    [InlineData("firewall: {managementPorts: [0]}", "firewall.managementPorts[0]", "0 is not a TCP port")]
    [InlineData("firewall: {managementPorts: [1, 65536]}", "firewall.managementPorts[1]", "65536 is not a TCP port")]
    [InlineData("firewall: {managementPorts: [x]}", "firewall.managementPorts[0]", "'x' is not a TCP port")]
    [InlineData("sidecar: {restartPolicy: window}", "sidecar.restartPolicy", "needs sidecar.restartWindow")]
    [InlineData("sidecar: {restartWindow: Sunday 2-4}", "sidecar.restartWindow", "not of the form")]
    [InlineData("sidecar: {restartWindow: Sun 02:00-24:00}", "sidecar.restartWindow", "not of the form")]
    [InlineData("sidecar: {restartWindow: Sun 02:00-02:00}", "sidecar.restartWindow", "not of the form")]
    [InlineData("sidecar: {packageSha256s: [abc]}", "sidecar.packageSha256s[0]", "not a SHA-256 of 64 hexadecimal digits")]
    [InlineData("sidecar: {allowUnsignedPackages: 1}", "sidecar.allowUnsignedPackages", "neither true nor false")]
    [InlineData("packages: {trustedKeys: abc}", "packages.trustedKeys", "not an Ed25519 public key in base64")]
    [InlineData("selfUpgrade: \"true\"", "selfUpgrade", "'true' is not one of on, off")]
    [InlineData("packages: {trustedKeys: [MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]}", "packages.trustedKeys[0]",
        "small order")]
    [InlineData("uuid: 1234", "uuid", "not a uuid")]
    [InlineData("uuid: 00000000-0000-0000-0000-000000000000", "uuid", "not a uuid")]
    [InlineData("node: {ip: auto}\nnode: {ip: auto}", "node", "line 2: is there twice; the first is in line 1")]
    [InlineData("a: {b: c", "", "not valid YAML")]
    [InlineData("a: 1\n---\nb: 2\n", "", "second document")]
    [InlineData("node: &n {ip: auto}\nfirewall: *n\n", "", "anchor or alias")]
    public void ErrorNamesItsKeyAndTheReason(string yaml, string path, string shown)
    {
        var reading = SettingsReader.Read(yaml);

        Assert.Null(reading.Settings);
        var fault = Assert.Single(reading.Errors);
        Assert.Equal(path, fault.Path);
        Assert.Contains(shown, fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryErrorIsReportedWithItsLine()
    {
        var reading = SettingsReader.Read("node:\n  ip: nowhere\nfirewall:\n  mode: x\n  managementPorts: [0]\nuuid: u\n");

        Assert.Equal(["line 2", "line 4", "line 5", "line 6"], reading.Errors.Select(fault => fault.Reason.Split(':')[0]).Order());
    }

    [Theory]
    [InlineData("dashbord: {}", "dashbord", "did you mean 'dashboard'?")]
    [InlineData("dashboard: {allowplaintext: true}", "dashboard.allowplaintext", "did you mean 'allowPlaintext'?")]
    [InlineData("workloadGroup: {naem: x}", "workloadGroup.naem", "did you mean 'name'?")]
    [InlineData("url: https://smm.example.com", "url", "did you mean 'dashboard.url'?")]
    [InlineData("node: {uuid: x}", "node.uuid", "did you mean 'uuid'?")]
    [InlineData("entirelyOther: {a: [b]}", "entirelyOther", "has no effect")]
    public void UnknownKeyIsAWarningWithASuggestion(string yaml, string path, string shown)
    {
        var reading = SettingsReader.Read(yaml);

        Assert.NotNull(reading.Settings);
        var warning = Assert.Single(reading.Warnings);
        Assert.Equal(path, warning.Path);
        Assert.EndsWith(shown, warning.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void DeepNestingIsRefused() =>
        Assert.Contains("levels deep", Assert.Single(SettingsReader.Read("a: " + new string('[', 60_000)).Errors).Reason,
            StringComparison.Ordinal);

    [Fact]
    public void FileLargerThan64KiBIsRefused() =>
        Assert.Contains("larger than 65536 bytes",
            Assert.Single(SettingsReader.Read(new byte[SettingsReader.MaximumBytes + 1]).Errors).Reason, StringComparison.Ordinal);

    [Fact]
    public void BytesThatAreNotTextAreRefused() =>
        Assert.Equal("is not UTF-8 text", Assert.Single(SettingsReader.Read([0x61, 0xff, 0xfe]).Errors).Reason);

    [Fact]
    public void EditedExampleNeverThrows()
    {
        var example = Example();
        Gen.Select(Gen.Int[0, example.Length - 1], Gen.Int[0, 30], Gen.String[Gen.Char["-:[]{}&*!|>'\"%@`#,? \n\tab01\0\u2028"], 0, 12])
            .Sample((at, length, text) =>
            {
                var reading = SettingsReader.Read(example.Remove(at, Math.Min(length, example.Length - at)).Insert(at, text));
                return reading.Settings is null == reading.Errors.Count > 0;
            }, iter: 5000);
    }

    private static string Example()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var file = Path.Combine(folder.FullName, "docs", "agent.yaml.example");
            if (File.Exists(file))
                return File.ReadAllText(file);
        }

        throw new FileNotFoundException("docs/agent.yaml.example is not above the tests");
    }
}
