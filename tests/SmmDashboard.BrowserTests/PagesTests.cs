using OpenQA.Selenium;
using SmmDashboard.Access;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.BrowserTests.Running;
using SmmDashboard.Http;
using SmmDashboard.Startup;

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
            if (name is "machines" || (name is "machine" && scheme is "light"))
                Example.Save(browser, $"dashboard-{name}-{scheme}");
        }

        Assert.Empty(browser.Errors());
    }

    [Fact]
    public async Task ListIsUsableOnAPhone()
    {
        await using var dashboard = await ShownDashboard.StartAsync();
        using var browser = Browser.Start(500, 900);
        foreach (var machine in Example.Machines().Take(3))
            await dashboard.ReportAsync(machine);
        browser.SetPhone(390, 800);
        browser.Open(dashboard.Page("/machines"));
        browser.UntilText("#live", "vm-analytics-3");

        Assert.True(browser.Run<bool>("return document.documentElement.scrollWidth <= window.innerWidth"),
            "the page is wider than the screen");
        Assert.Empty(browser.AccessibilityViolations());
        Example.Save(browser, "dashboard-machines-phone");
    }

    [Fact]
    public async Task KeyboardReachesTheSearchAndKeepsItsPlaceWhenTheListChanges()
    {
        await using var dashboard = await ShownDashboard.StartAsync();
        using var browser = Browser.Start();
        var machines = Example.Machines().ToList();
        foreach (var machine in machines)
            await dashboard.ReportAsync(machine);
        browser.Open(dashboard.Page("/machines"));
        browser.UntilText("#connection", "live");

        browser.Press(Keys.Tab);
        Assert.Equal("Skip to the content", browser.Focused.Text);
        browser.Press("/");
        Assert.Equal("search", browser.Focused.GetAttribute("id"));
        browser.Press("billing" + Keys.Enter);
        browser.UntilText(".paging", "2 of 2");
        Assert.EndsWith("q=billing&namespace=&group=", browser.Location, StringComparison.Ordinal);

        browser.UntilText("#connection", "live");
        var first = $"machine-{machines[4].Uuid}";
        for (var i = 0; i < 20 && browser.Focused.GetAttribute("id") != first; i++)
            browser.Press(Keys.Tab);
        Assert.Equal(first, browser.Focused.GetAttribute("id"));
        await dashboard.ReportAsync(machines[4] with { Version = "9.9.9" });
        browser.UntilText($"#row-{machines[4].Uuid}", "9.9.9");
        Assert.Equal(first, browser.Focused.GetAttribute("id"));
        browser.Press(Keys.Enter);
        browser.UntilText("h1", "vm-billing-1");
    }

    [Fact]
    public async Task ViewerOfAnotherNamespaceSignsInAndSeesNothingAndOneWithoutRightsCannot()
    {
        await using var dashboard = await ShownDashboard.StartAsync(new DashboardTestHooks { Viewers = new FewRights() });
        using var browser = Browser.Start();
        await dashboard.ReportAsync(new TestMachine("vm-1", "198.18.0.1"));
        browser.Open(dashboard.Page("/machines"));
        Assert.Equal("/sign-in", browser.Location);
        Assert.Empty(browser.AccessibilityViolations());

        browser.Find("#token").SendKeys("wrong");
        browser.Find("form button").Click();
        browser.UntilText("#fault", "the token is not known");
        browser.Find("#token").SendKeys(FewRights.NoToken);
        browser.Find("form button").Click();
        browser.UntilText("#fault", "bind it to a ClusterRole");
        browser.Find("#token").SendKeys(FewRights.Token);
        browser.Find("form button").Click();
        browser.UntilText("#none", "No machine has reported yet");
        Assert.DoesNotContain("vm-1", browser.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(FewRights.Token, browser.Run<string>("return document.cookie + location.href"),
            StringComparison.Ordinal);
        browser.Find(".account button").Click();
        browser.UntilText("h1", "Sign in");
    }

    private sealed class FewRights : IViewers
    {
        public const string Token = "token-of-another-namespace";
        public const string NoToken = "token-without-rights";

        private static readonly HashSet<string> None = [];

        public bool RequireToken => true;

        public bool IsKnown(PresentedToken token) => true;

        public ValueTask<(Viewer? Viewer, ApiProblem? Problem)> AdmitAsync(PresentedToken? token, CancellationToken cancellationToken) =>
            ValueTask.FromResult<(Viewer?, ApiProblem?)>(token?.Reveal() switch
            {
                Token => (new Viewer("viewer", new HashSet<string> { "another" }, None), null),
                NoToken => (new Viewer("viewer", None, None), null),
                _ => (null, ApiProblem.TokenRefused("TokenUnknown", "the token is not known")),
            });
    }
}
