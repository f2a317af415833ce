using SmmAgent.Core.Checks;
using SmmAgent.Core.Status;

namespace SmmAgent.Core.Tests.Checks;

public sealed class CheckTextTests
{
    private static readonly CheckReport Report = CheckReport.Create(
        "1.2.3",
        new GroupName("vm-integration", "analytics-v0"),
        root: true,
        DateTimeOffset.UnixEpoch,
        [
            ReportedCheck.Create("host-clock", CheckGroup.Host, "Clock", [CheckLine.Warn("is 60 s behind", "set the clock")]),
            ReportedCheck.Create("os-init", CheckGroup.OperatingSystem, "systemd", [CheckLine.Pass("is the init of this system")]),
            ReportedCheck.Create(
                "packages-required",
                CheckGroup.Packages,
                "Package",
                [
                    CheckLine.Pass("/usr/bin/curl") with { Subject = "curl" },
                    CheckLine.Fail("is not installed", "sudo apt-get install -y sudo") with { Subject = "sudo" },
                ]),
            ReportedCheck.Create("dashboard-answers", CheckGroup.Dashboard, "Answer", [CheckLine.Skipped("said \e[31mred\e[0m\nand more")]),
        ]);

    [Fact]
    public void PlainTextHasGroupsMarksRemediationsAndASummary() => Assert.Equal(
        """
        smm-agent 1.2.3  vm-integration/analytics-v0

        Operating system
          ✓ systemd           is the init of this system

        Packages
          ✓ Package           curl /usr/bin/curl
          ✗ Package           sudo is not installed
              → sudo apt-get install -y sudo

        Dashboard
          – Answer            said  [31mred [0m and more

        Host
          ! Clock             is 60 s behind
              → set the clock

        2 passed, 1 warning, 1 failed, 1 skipped

        """,
        CheckText.Write(Report, colour: false));

    [Fact]
    public void ColourIsOnlyInMarksAndHeadings()
    {
        var text = CheckText.Write(Report, colour: true);

        Assert.Contains("  \e[32m✓\e[0m systemd", text, StringComparison.Ordinal);
        Assert.Contains("  \e[31m✗\e[0m Package", text, StringComparison.Ordinal);
        Assert.Contains("\e[1mPackages\e[0m\n", text, StringComparison.Ordinal);
        Assert.Equal(
            CheckText.Write(Report, colour: false),
            string.Concat(text.Split('\e')
                .Select((part, index) => index == 0 ? part : part[(part.IndexOf('m', StringComparison.Ordinal) + 1)..])));
    }

    [Fact]
    public void CheckHasTheStatusOfItsWorstLine()
    {
        Assert.Equal("skipped", Of(CheckStatus.Skipped));
        Assert.Equal("pass", Of(CheckStatus.Skipped, CheckStatus.Pass));
        Assert.Equal("warn", Of(CheckStatus.Warn, CheckStatus.Pass));
        Assert.Equal("fail", Of(CheckStatus.Warn, CheckStatus.Fail, CheckStatus.Pass));

        static string Of(params CheckStatus[] lines) =>
            ReportedCheck.Create("an-id", CheckGroup.Host, "Title",
                [.. lines.Select(status => new CheckLine(status, "found", "cure"))]).Status;
    }
}
