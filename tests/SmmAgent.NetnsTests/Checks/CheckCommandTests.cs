using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary><c>smm-agent check</c> as a whole.</summary>
public sealed class CheckCommandTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    private static readonly string[] Groups =
        ["operating-system", "packages", "dashboard", "control-plane", "address", "ports", "network-model", "name-resolution", "host"];

    [Fact]
    public async Task CheckChangesNothingOnTheHost()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        // Also what would be read, and is damaged.
        Directory.CreateDirectory(Path.Combine(agent.Root, "var", "lib", "smm-agent-host"));
        await File.WriteAllTextAsync(
            Path.Combine(agent.Root, "var/lib/smm-agent-host/mesh-config.json"), "{", TestContext.Current.CancellationToken);
        var before = Host(bed, agent);

        Assert.Equal("pass", CheckReportReader.By(agent).Status("dashboard-token-accepted"));
        agent.Run("check");

        Assert.Equal(before, Host(bed, agent));
    }

    [Fact]
    public void CheckCreatesNoFirewallTable()
    {
        Assert.SkipUnless(Programs.Missing() is null, Programs.Missing() ?? "");
        using var host = new NetworkNamespace($"smm-bare-{Guid.NewGuid():N}"[..24]);
        using var root = new EmptyRoot();

        var (exitCode, output) = host.Try(Programs.Agent, "--root", root.Path, "check");

        Assert.Equal(1, exitCode);
        Assert.Contains("no dashboard is set", output, StringComparison.Ordinal);
        Assert.Equal("", host.Run("nft", "list", "ruleset").Trim());
        Assert.Empty(Directory.EnumerateFileSystemEntries(root.Path));
    }

    [Fact]
    public async Task JsonReportMatchesTheSchema()
    {
        await using var agent = new VmAgent(fixture.Bed);
        using var root = new EmptyRoot();
        var schema = JsonSchema.Read(Path.Combine(Repository.Root, "docs", "check.schema.json"));

        foreach (var output in (CheckReportReader[])
            [
                CheckReportReader.By(agent),
                new CheckReportReader(fixture.Bed.Vm.Try(Programs.Agent, "--root", root.Path, "check", "--output", "json")),
            ])
        {
            using var document = JsonDocument.Parse(output.Text);
            Assert.Empty(schema.Faults(document.RootElement));
            var results = document.RootElement.GetProperty("checks").EnumerateArray()
                .SelectMany(check => check.GetProperty("results").EnumerateArray()).ToList();
            // What the schema's language cannot say.
            Assert.All(
                results.Where(result => result.GetProperty("status").GetString() is "warn" or "fail"),
                result => Assert.False(string.IsNullOrEmpty(result.GetProperty("cure").GetString())));
            Assert.Equal(results.Count, document.RootElement.GetProperty("summary").EnumerateObject().Sum(count => count.Value.GetInt32()));
            var groups = document.RootElement.GetProperty("checks").EnumerateArray()
                .Select(check => check.GetProperty("group").GetString()!).ToList();
            Assert.Equal(groups.Distinct().OrderBy(group => Array.IndexOf(Groups, group)), groups.Distinct());
        }
    }

    [Fact]
    public void CheckBeforeAnyConfigurationNamesTheMissingSettings()
    {
        using var root = new EmptyRoot();
        using var programs = new ProgramFolder("curl", "iptables", "sudo", "hostname");
        root.Write("etc/os-release", "ID=ubuntu\nVERSION_ID=22.04\nPRETTY_NAME=\"Ubuntu 22.04.4 LTS\"\n");
        Directory.CreateDirectory(Path.Combine(root.Path, "run/systemd/system"));

        var (exitCode, output) = fixture.Bed.Vm.Try(
            "env", $"PATH={programs.Path}:{Environment.GetEnvironmentVariable("PATH")}", Programs.Agent, "--root", root.Path, "check",
            "--verbose");

        Assert.Equal(1, exitCode);
        Assert.EndsWith("\nnext: sudo smm-agent set dashboard-url https://DASHBOARD\n", output, StringComparison.Ordinal);
        var shown = output.Replace(programs.Path, "BIN", StringComparison.Ordinal).Replace(root.Path, "", StringComparison.Ordinal);
        Assert.Equal(Golden(), Sections(shown, "Operating system", "Packages", "Dashboard", "Control plane"));
    }

    [Fact]
    public void MissingSettingsWithoutRootAreNotReportedAsVisibleToRoot()
    {
        using var root = new EmptyRoot();

        var output = CheckReportReader.ByNobody(fixture.Bed, root.Path);

        Assert.Equal(("skipped", ""), (output.Status("control-plane-status"), output.Fix("control-plane-status")));
    }

    [Fact]
    public async Task CheckWithoutRootNamesSkippedChecksAndTheCommandToSeeThem()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        using var root = new EmptyRoot();
        root.Write("etc/smm/agent.yaml",
            await File.ReadAllTextAsync(Path.Combine(agent.ConfigFolder, "agent.yaml"), TestContext.Current.CancellationToken));
        root.Write("etc/smm/bearer-token", bed.Mesh.Token + "\n");
        File.SetUnixFileMode(Path.Combine(root.Path, "etc/smm"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var output = CheckReportReader.ByNobody(bed, root.Path);

        Assert.False((bool)output.Json["root"]!);
        foreach (var id in (string[])["dashboard-settings", "dashboard-configured", "dashboard-token", "control-plane-status"])
            Assert.Equal((id, "skipped", "sudo smm-agent check"), (id, output.Status(id), output.Fix(id)));
        Assert.Equal("pass", output.Status("os-architecture"));
        Assert.DoesNotContain(bed.Mesh.Token, output.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckWithoutAnyReachablePeerEndsInTimeAndUsesTheLastGoodConfiguration()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("ConfigCurrent", "True");
        await agent.StopAsync();
        bed.Cluster.Run("iptables", "-w", "-A", "INPUT", "-s", MeshTestbed.VmAddress, "-j", "DROP");
        try
        {
            var watch = Stopwatch.StartNew();
            var output = CheckReportReader.By(agent);

            // The promise is 10 s; the machine that runs this may be slow.
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(15));
            Assert.Equal("fail", output.Status("dashboard-reachable"));
            Assert.Contains("did not answer within 3 s", output.Found("dashboard-reachable"), StringComparison.Ordinal);
            Assert.Equal("skipped", output.Status("dashboard-token-accepted"));
            Assert.Equal("pass", output.Status("control-plane-status"));
            Assert.Contains("the last good configuration, of ", output.Found("control-plane-status"), StringComparison.Ordinal);
        }
        finally
        {
            bed.Cluster.Run("iptables", "-w", "-D", "INPUT", "-s", MeshTestbed.VmAddress, "-j", "DROP");
        }
    }

    /// <summary>
    /// All that the command could have changed: files with their content, mode and time, rules of both families, links and addresses.
    /// </summary>
    private static string Host(MeshTestbed bed, VmAgent agent) => string.Join(
        '\n',
        Files(agent.Root)
            .Append(Firewall.Snapshot(bed))
            .Append(WithoutCounters(bed.Vm.Run("nft", "list", "ruleset")))
            .Append(bed.Vm.Run("ip", "-brief", "address"))
            .Append(bed.Vm.Run("ip", "route")));

    private static string WithoutCounters(string ruleset) => Regex.Replace(ruleset, "packets [0-9]+ bytes [0-9]+", "counted");

    private static IEnumerable<string> Files(string root) =>
        from path in Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        let content = File.Exists(path) ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))) : ""
        select $"{path} {File.GetUnixFileMode(path)} {File.GetLastWriteTimeUtc(path):O} {content}";

    private static string Golden() =>
        File.ReadAllText(Path.Combine(Repository.Root, "tests", "SmmAgent.NetnsTests", "Checks", "before-configuration.txt"));

    /// <summary>The groups with these titles, and the first line.</summary>
    private static string Sections(string text, params string[] titles)
    {
        var lines = text.Split('\n');
        List<string> sections = [lines[0], ""];
        var isWanted = false;
        foreach (var line in lines.Skip(2).TakeWhile(line => line.Length > 0))
        {
            // The line of a group begins with its mark; the lines of its checks are indented further.
            if (line[2] != ' ')
                isWanted = titles.Any(title => line[4..].StartsWith(title, StringComparison.Ordinal));
            if (isWanted)
                sections.Add(line);
        }

        return string.Join('\n', sections) + "\n";
    }

    /// <summary>A root that every user may enter.</summary>
    private sealed class EmptyRoot : IDisposable
    {
        public EmptyRoot() => File.SetUnixFileMode(Path, (UnixFileMode)0b111_101_101);

        public string Path { get; } = Directory.CreateTempSubdirectory("smm-root-").FullName;

        public void Write(string name, string text)
        {
            var file = System.IO.Path.Combine(Path, name);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
