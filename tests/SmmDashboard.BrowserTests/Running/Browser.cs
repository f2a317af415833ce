using System.Globalization;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;

namespace SmmDashboard.BrowserTests.Running;

/// <summary>Debian's Chromium without a window.</summary>
public sealed class Browser : IDisposable
{
    private const string Program = "/usr/bin/chromium";
    private const string Driver = "/usr/bin/chromedriver";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ChromeDriverService _service;
    private readonly ChromeDriver _driver;
    private readonly TemporaryFolder _profile = new();

    private Browser(int width, int height)
    {
        var options = new ChromeOptions { BinaryLocation = Program };
        options.AddArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--force-device-scale-factor=1",
            $"--user-data-dir={_profile.Root}", string.Create(CultureInfo.InvariantCulture, $"--window-size={width},{height}"));
        options.SetLoggingPreference(LogType.Browser, LogLevel.All);
        _service = ChromeDriverService.CreateDefaultService(Path.GetDirectoryName(Driver)!, Path.GetFileName(Driver));
        _service.SuppressInitialDiagnosticInformation = true;
        _driver = new ChromeDriver(_service, options, TimeSpan.FromSeconds(60));
    }

    public IWebElement Focused => _driver.SwitchTo().ActiveElement();

    public string Location => new Uri(_driver.Url).PathAndQuery;

    /// <summary>The text of the page.</summary>
    public string Text => _driver.FindElement(By.TagName("body")).Text;

    public static Browser Start(int width = 1280, int height = 900)
    {
        Assert.SkipUnless(File.Exists(Program) && File.Exists(Driver), "needs chromium and chromium-driver (Debian's packages)");
        return new Browser(width, height);
    }

    public void Open(Uri page) => _driver.Navigate().GoToUrl(page);

    public IWebElement Find(string css) => _driver.FindElement(By.CssSelector(css));

    public IReadOnlyList<IWebElement> All(string css) => _driver.FindElements(By.CssSelector(css));

    /// <summary>Waits until the page has the text.</summary>
    public void UntilText(string css, string text)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        var last = "";
        while (TimeProvider.System.GetElapsedTime(deadline) < Patience)
        {
            try
            {
                last = Find(css).Text;
                if (last.Contains(text, StringComparison.Ordinal))
                    return;
            }
            catch (WebDriverException)
            {
                // The page replaces the element now.
            }

            Thread.Sleep(20);
        }

        throw new TimeoutException($"{css} has not got the text '{text}'; it has: {last}");
    }

    public void Press(string keys) => Focused.SendKeys(keys);

    /// <summary>Selects light or dark colours, as the setting of the operating system does.</summary>
    public void SetScheme(string scheme) => _driver.ExecuteCdpCommand("Emulation.setEmulatedMedia", new Dictionary<string, object?>
    {
        ["features"] = new[] { new Dictionary<string, object> { ["name"] = "prefers-color-scheme", ["value"] = scheme } },
    });

    /// <summary>Gives the page the size of a phone, which is smaller than the smallest window.</summary>
    public void SetPhone(int width, int height) => _driver.ExecuteCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        new Dictionary<string, object?> { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = true });

    public T Run<T>(string script) => (T)_driver.ExecuteScript(script)!;

    /// <summary>Runs axe-core.</summary>
    /// <returns>The serious and critical violations, one line each.</returns>
    public IReadOnlyList<string> AccessibilityViolations()
    {
        _driver.ExecuteScript(new Deque.AxeCore.Commons.BundledAxeScriptProvider().GetScript());
        const string Script = """
            const done = arguments[arguments.length - 1];
            axe.run(document).then(
                result => done(result.violations.filter(one => one.impact === "serious" || one.impact === "critical")
                    .map(one => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map(node => node.html).join(" ")}`).join("\n")),
                fault => done(`axe failed: ${fault}`));
            """;
        _driver.Manage().Timeouts().AsynchronousJavaScript = TimeSpan.FromSeconds(30);
        return ((string)_driver.ExecuteAsyncScript(Script)!).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The errors of the console, for example requests that the policy refuses.</summary>
    public IReadOnlyList<string> Errors() =>
        [.. _driver.Manage().Logs.GetLog(LogType.Browser).Where(entry => entry.Level >= LogLevel.Warning).Select(entry => entry.Message)];

    public byte[] Screenshot() => _driver.GetScreenshot().AsByteArray;

    public string Cookie(string name) => _driver.Manage().Cookies.GetCookieNamed(name)?.ToString() ?? "";

    public void Dispose()
    {
        _driver.Dispose();
        _service.Dispose();
        _profile.Dispose();
    }
}
