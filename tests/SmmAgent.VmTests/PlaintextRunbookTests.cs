namespace SmmAgent.VmTests;

/// <summary>The runbook of an operator with a dashboard over plain http.</summary>
public sealed class PlaintextRunbookTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    [Fact]
    public async Task InstallScriptStopsOverPlainHttpAndPrintsTheCommandToContinue()
    {
        await using var vm = await fixture.BootBareAsync();

        var (exitCode, output) = vm.TryLine($"curl -fsSL {fixture.Testbed.DashboardUrl}/get/smm-agent | sudo sh");

        Assert.Equal(2, exitCode);
        Assert.Contains("plain http", output, StringComparison.Ordinal);
        Assert.NotEqual(0, vm.Try("ls", "/usr/bin/smm-agent").ExitCode);
        var line = output.Split('\n').Select(text => text.Trim()).Single(text => text.StartsWith("curl ", StringComparison.Ordinal));

        vm.RunLine(line);

        Assert.Contains($"{fixture.Testbed.DashboardUrl}", vm.RunLine("sudo smm-agent config show"), StringComparison.Ordinal);
    }
}
