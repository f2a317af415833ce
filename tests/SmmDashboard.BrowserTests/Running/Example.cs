namespace SmmDashboard.BrowserTests.Running;

/// <summary>A small fleet for the screenshots of the documentation.</summary>
internal static class Example
{
    /// <summary>The folder for the screenshots; without it none is written.</summary>
    private const string Folder = "SMM_SCREENSHOTS";

    public static IEnumerable<TestMachine> Machines() =>
    [
        new("vm-analytics-1", "198.51.100.11")
        {
            Bad = ("GatewaysReachable", "True", "Degraded", "1 of 2 gateways: 13.48.73.62:15012 does not answer (timeout)"),
        },
        new("vm-analytics-2", "198.51.100.12"),
        new("vm-analytics-3", "198.51.100.13")
        {
            Bad = ("PortsOpen", "False", "BlockedByAnotherTable", "port 8080: the table inet filter drops the traffic"),
        },
        new("vm-analytics-4", "198.51.100.14"),
        new("vm-billing-1", "198.51.100.21") { Group = "billing-v1" },
        new("vm-billing-2", "198.51.100.22")
        {
            Group = "billing-v1", Bad = ("TokenCurrent", "False", "TokenExpiring", "the token expires in 3 h and was not renewed"),
        },
    ];

    public static void Save(Browser browser, string name)
    {
        if (Environment.GetEnvironmentVariable(Folder) is { Length: > 0 } folder)
            File.WriteAllBytes(Path.Combine(folder, $"{name}.png"), browser.Screenshot());
    }
}
