using SmmDashboard.BrowserTests.Running;

namespace SmmDashboard.BrowserTests;

/// <summary>The pages of the admin listener in a real browser.</summary>
public sealed class PagesTests
{
    [Fact]
    public async Task ListUpdatesWhenAMachineDegradesAndThePageOfTheMachineHasTheFix()
    {
        await using var dashboard = await ShownDashboard.StartAsync();
        using var browser = Browser.Start();
        var machine = new TestMachine("vm-1", "198.18.0.1");
        await dashboard.ReportAsync(machine);
        browser.Open(dashboard.Page("/machines"));
        browser.UntilText($"#row-{machine.Uuid}", "Attached");
        browser.UntilText("#connection", "live");

        await dashboard.ReportAsync(machine with { Bad = ("GatewaysReachable", "True", "Degraded", "192.0.2.1:15012 does not answer") });
        browser.UntilText($"#row-{machine.Uuid}", "GatewaysReachable: Degraded");
        browser.UntilText("#state-Degraded", "1");

        browser.Find($"#machine-{machine.Uuid}").Click();
        browser.UntilText("#condition-GatewaysReachable", "the message names the part");
        browser.UntilText("#history", "GatewaysReachable");

        await dashboard.ReportAsync(machine with { Bad = ("TokenCurrent", "False", "TokenExpired", "the token has expired") });
        browser.UntilText("#verdict", "TokenCurrent: TokenExpired");
        browser.UntilText("#condition-TokenCurrent .fix", "Fix:");
        Assert.Empty(browser.Errors());
    }

    /// <summary>The screenshots of the documentation are made here, in docs/images of the checkout when SMM_SCREENSHOTS is set.</summary>
    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public async Task PagesHaveNoSeriousAccessibilityViolation(string scheme)
    {
        await using var dashboard = await ShownDashboard.StartAsync();
        using var browser = Browser.Start(1200, 640);
        browser.SetScheme(scheme);
        var machines = Example.Machines().ToList();
        foreach (var machine in machines)
            await dashboard.ReportAsync(machine);
        await dashboard.ReportAsync(machines[0] with { Bad = null });
        await dashboard.ReportAsync(machines[0]);
        var degraded = machines[0];

        foreach (var (name, path, ready, text) in ((string, string, string, string)[])[
            ("machines", "/machines", ".counts", "Silent"),
            ("machine", $"/machines/vm-integration/analytics-v0/{degraded.Uuid}", ".fix", "Fix:"),
            ("groups", "/groups", "#live", "analytics-v0"),
            ("group", "/groups/vm-integration/analytics-v0", "#command-1", "get/smm-agent"),
            ("mesh", "/mesh", "#live", "cp-v115x"),
        ])
        {
            browser.Open(dashboard.Page(path));
            browser.UntilText(ready, text);
            browser.UntilText("#connection", "live");
            Assert.Empty(browser.AccessibilityViolations());
            Example.Save(browser, $"dashboard-{name}-{scheme}");
        }

        Assert.Empty(browser.Errors());
    }
}
