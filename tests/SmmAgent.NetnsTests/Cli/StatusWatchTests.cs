using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Cli;

/// <summary><c>smm-agent status --watch</c> in a terminal.</summary>
public sealed class StatusWatchTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    // The cursor goes home, then the screen is cleared.
    private const string Redraw = "\e[H\e[2J";

    [Fact]
    public async Task EveryChangeIsDrawnOnAClearedScreen()
    {
        await using var agent = new VmAgent(fixture.Bed);
        await using var watch = new TestbedProcess(Terminal.OnTerminal(agent.Command("status", "--watch")));
        await Until.TrueAsync(
            () => watch.Output.Contains($"{Redraw}\e[1m\e[31mNOT ATTACHED", StringComparison.Ordinal),
            "it says that the daemon does not run", lastSeen: () => watch.Output);

        agent.Start();
        await agent.UntilConditionAsync("ConfigCurrent", "True");
        await Until.TrueAsync(() => LastScreen(watch).Contains("\e[32m✓\e[0m Configuration", StringComparison.Ordinal),
            "it shows the condition", lastSeen: () => watch.Output);

        await agent.StopAsync();
        await Until.TrueAsync(
            () => LastScreen(watch).Contains("NOT ATTACHED", StringComparison.Ordinal), "it says that the daemon has ended",
            lastSeen: () => watch.Output);
        Assert.DoesNotContain("Configuration", LastScreen(watch), StringComparison.Ordinal);
        Assert.False(watch.HasExited);
    }

    private static string LastScreen(TestbedProcess watch) =>
        watch.Output[(watch.Output.LastIndexOf(Redraw, StringComparison.Ordinal) + Redraw.Length)..];
}
