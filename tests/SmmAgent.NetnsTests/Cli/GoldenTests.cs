using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Cli;

/// <summary>The commands as a person runs them: in a pipe, and in a terminal. The files in Golden/ are what they print.</summary>
public sealed partial class GoldenTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Fact]
    public Task Help() => HoldAsync(
        "help", ["--help"], ["set", "--help"], ["set", "bearer-token", "--help"], ["check", "--help"], ["reconcile", "--help"],
        ["status", "--help"], ["explain", "--help"]);

    [Fact]
    public Task Version() => HoldAsync("version", ["version"]);

    [Fact]
    public Task WrongUsage() => HoldAsync(
        "wrong-usage",
        ["recncile"],
        ["stauts", "--watch"],
        ["token", "abc"],
        ["set", "node-ipp", "auto"],
        ["set", "node-ip"],
        ["set", "node-ip", "10.0.0"],
        ["set", "dashboard-url", "http://smm.example.com"],
        ["set", "workload-group", "Upper", "a"],
        ["set", "bearer-token", "-"],
        ["status", "--output", "xml"],
        ["status", "--outptu", "json"],
        ["--dry-run", "reconcile"]);

    [Fact]
    public Task Set() => HoldAsync(
        "set",
        ["set", "dashboard-url", "https://smm.example.com"],
        ["set", "workload-group", "vm-integration", "analytics-v0"],
        ["set", "node-ip", "3.67.91.181"],
        ["set", "node-ip", "3.67.91.181"],
        ["set", "bearer-token", "0123456789abcdef"]);

    [Fact]
    public async Task ConfigShow()
    {
        await using var agent = new VmAgent(fixture.Bed);
        Assert.Equal(0, agent.Run("reconcile").ExitCode);
        await HoldAsync("config-show", agent, ["config", "show"]);
        agent.WriteSettings("dashboard:\n  url: https://smm.example.com\nfirewall: {mode: of, modus: check}\nnode:\n  ip: 10.0.0\n");
        await HoldAsync("config-show-faults", agent, ["config", "show"]);
    }

    [Fact]
    public async Task DryRuns()
    {
        await using var agent = new VmAgent(fixture.Bed);
        Assert.Equal(0, agent.Run("detach").ExitCode);
        await HoldAsync("reconcile-dry-run", agent, ["reconcile", "--dry-run"]);
        Assert.Equal(0, agent.Run("reconcile").ExitCode);
        await HoldAsync("detach-dry-run", agent, ["detach", "--dry-run"]);
        Assert.Equal(0, agent.Run("detach").ExitCode);
    }

    [Fact]
    public async Task Status()
    {
        await using var agent = new VmAgent(fixture.Bed);
        await HoldAsync("status-not-running", agent, ["status"]);
        agent.Start();
        await agent.UntilConditionAsync("ReachableFromCluster", "True");
        await agent.UntilAsync(() => agent.Status()!["conditions"]!.AsArray().All(condition => (string?)condition!["reason"] != "Pending"),
            "nothing is pending");
        await agent.UntilConditionAsync("GatewaysReachable", "True");
        await HoldAsync("status", agent, ["status"]);
        await HoldAsync("status-verbose", agent, ["status", "--verbose"]);
        var schema = JsonSchema.Read(Repository.PathOf("docs", "status.schema.json"));
        var status = await File.ReadAllTextAsync(agent.StatusFile, TestContext.Current.CancellationToken);
        Assert.Empty(schema.Faults(JsonDocument.Parse(status).RootElement));
    }

    [Fact]
    public Task Explain() => HoldAsync(
        "explain", ["explain"], ["explain", "GatewaysReachable"], ["explain", "NotOpen"], ["explain", "refuse"]);

    private async Task HoldAsync(string name, params string[][] commands)
    {
        await using var agent = new VmAgent(fixture.Bed);
        await HoldAsync(name, agent, commands);
    }

    // Without colour the text is the same, regardless of the reason; but a terminal has a width, and the help respects it.
    [Fact]
    public async Task ClosedStandardOutputIsAFailureAndNotAPermissionError()
    {
        await using var agent = new VmAgent(fixture.Bed);
        foreach (var command in (string[][])[["version"], ["--help"], ["config", "show"]])
        {
            var words = string.Join(' ', agent.Command(command));
            Assert.Equal((1, "smm-agent: standard output is closed\n"), Shell.Try("sh", "-c", $"exec {words} >&-"));
        }
    }

    private async Task HoldAsync(string name, VmAgent agent, params string[][] commands)
    {
        var golden = new StringBuilder();
        foreach (var command in commands)
        {
            var words = agent.Command(command);
            Append(golden, command, "", agent, await Terminal.PipedAsync(words));
            var onTerminal = await Terminal.OnTerminalAsync(words);
            Append(golden, command, "    (on a terminal)", agent, onTerminal);
            foreach (var plain in (string[])["NO_COLOR=1", "TERM=dumb", "TERM="])
                Assert.Equal(Settled(Colour().Replace(onTerminal.Output, ""), agent),
                    Settled((await Terminal.OnTerminalAsync(words, plain)).Output, agent));
            Assert.DoesNotContain('\e', (await Terminal.PipedAsync(words)).Output);
        }

        GoldenFile.AssertSame(name, golden.ToString());
    }

    private static void Append(StringBuilder golden, string[] command, string where, VmAgent agent, CommandOutput output)
    {
        golden.Append($"$ smm-agent {string.Join(' ', command)}{where}\n");
        golden.Append(Settled(output.Output, agent));
        foreach (var line in Settled(output.Error, agent).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            golden.Append($"2> {line}\n");
        golden.Append($"[exit code {output.ExitCode}]\n\n");
    }

    /// <summary>Replaces the values that differ in each run by names.</summary>
    private static string Settled(string text, VmAgent agent)
    {
        text = Spinner().Replace(text, "");
        text = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\e", "\\e", StringComparison.Ordinal)
            .Replace(agent.Root, "", StringComparison.Ordinal);
        text = Uuid().Replace(text, "UUID");
        text = Time().Replace(text, "TIME");
        text = Milliseconds().Replace(text, "N ms");
        text = Age().Replace(text, "$1AGE");
        return VersionNumber().Replace(text, "${1}VERSION");
    }

    [GeneratedRegex("\e\\[[0-9;]*m")]
    private static partial Regex Colour();

    // The number of frames of the spinner depends on the duration of the work.
    [GeneratedRegex("\r((\e\\[36m)?[\u2800-\u28ff](\e\\[0m)? [^\r\n]*)?\e\\[K")]
    private static partial Regex Spinner();

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Uuid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ")]
    private static partial Regex Time();

    [GeneratedRegex(@"\d+(\.\d+)? ms")]
    private static partial Regex Milliseconds();

    [GeneratedRegex(@"(\[\w+, |updated |, for )\d+[smhd]")]
    private static partial Regex Age();

    [GeneratedRegex(@"(smm-agent )\d+\.\d+\.\d+[^\s,]*")]
    private static partial Regex VersionNumber();
}
