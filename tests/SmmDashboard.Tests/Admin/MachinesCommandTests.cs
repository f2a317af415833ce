using System.Text.Json;
using SmmDashboard.Startup;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Admin;

/// <summary><c>smm-dashboard machines</c> against a running dashboard.</summary>
public sealed class MachinesCommandTests
{
    [Fact]
    public async Task TableAndJsonHaveTheSelectedMachines()
    {
        await using var dashboard = await AdminPagesTests.StartAsync();
        await AdminPagesTests.ReportAsync(dashboard, new TestAgent(), "vm-1", "PortsOpen", "True", "Open");
        await AdminPagesTests.ReportAsync(dashboard, new TestAgent(), "vm-2", "PortsOpen", "False", "NotOpen");
        await AdminPagesTests.UntilAsync(dashboard, "/v1/machines", "vm-2");

        var (exitCode, output, error) = await RunAsync("--server", $"{dashboard.AdminAddress}");
        Assert.Equal((0, ""), (exitCode, error));
        var lines = output.TrimEnd().Split('\n');
        Assert.Equal(["NAME", "GROUP", "ADDRESS", "STATE", "REASON", "AGENT", "SIDECAR", "SEEN"], Words(lines[0]));
        Assert.Equal(["vm-1", "vm-integration/analytics-v0", "198.18.0.7", "Attached", "-", "0.1.0", "-"], Words(lines[1])[..7]);
        Assert.Contains("NotAttached  PortsOpen: NotOpen", lines[2], StringComparison.Ordinal);

        (_, output, _) = await RunAsync("--server", $"{dashboard.AdminAddress}", "--state", "NotAttached", "-o", "json");
        var item = Assert.Single(JsonDocument.Parse(output).RootElement.GetProperty("items").EnumerateArray());
        Assert.Equal("vm-2", item.GetProperty("name").GetString());

        (_, output, _) = await RunAsync("--server", $"{dashboard.AdminAddress}", "vm-integration/analytics-v0/vm-2");
        Assert.Contains("✗ PortsOpen", output, StringComparison.Ordinal);
        Assert.Contains("fix: run that command", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerThatDoesNotAnswerOrRefusesIsAFailure()
    {
        await using var dashboard = await AdminPagesTests.StartAsync();
        var (exitCode, _, error) = await RunAsync("--server", $"{dashboard.AdminAddress}", "a/b/c");
        Assert.Equal(1, exitCode);
        Assert.Contains("answered 404: the machine does not exist", error, StringComparison.Ordinal);

        (exitCode, _, error) = await RunAsync("--server", "http://127.0.0.1:1");
        Assert.Equal(1, exitCode);
        Assert.Contains("does not answer as an admin listener", error, StringComparison.Ordinal);

        // The API for VMs is no admin listener.
        (exitCode, _, _) = await RunAsync("--server", $"{dashboard.BaseAddress}");
        Assert.Equal(1, exitCode);
    }

    [Theory]
    [InlineData("--server ftp://x", "is not a URL")]
    [InlineData("--state Broken", "Broken")]
    [InlineData("one/two", "NAMESPACE/GROUP/UUID")]
    [InlineData("--token-file /nowhere", "/nowhere")]
    [InlineData("--server http://198.51.100.1 --token-file /dev/null", "is not https")]
    [InlineData("-o yaml", "yaml")]
    public async Task WrongUsageIsReportedWithExitCode2(string line, string named)
    {
        var (exitCode, _, error) = await RunAsync(line.Split(' '));
        Assert.Equal(2, exitCode);
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await EntryPoint.MainAsync(["machines", .. arguments], error, output);
        return (exitCode, output.ToString(), error.ToString());
    }
}
