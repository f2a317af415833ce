using SmmAgent.Cli.Output;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Status;
using SmmAgent.Host;

namespace SmmAgent.Tests.Cli;

public sealed class CheckTextTests
{
    private static readonly CheckReport Report = Create(
        root: true,
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
        ReportedCheck.Create("dashboard-answers", CheckGroup.Dashboard, "Answer", [CheckLine.Skipped("said \e[31mred\e[0m\nand more")]));

    [Fact]
    public void PassesAndSkipsAreFoldedAndTheEndHasFailuresAndTheNextStep() => Assert.Equal(
        """
        smm-agent 1.2.3  vm-integration/analytics-v0

          ✓ Operating system  1 passed
          ✗ Packages          1 passed, 1 failed
          – Dashboard         1 skipped
          ! Host              1 warning
              ! Clock             is 60 s behind
                  → set the clock

        Failed
          ✗ Package           sudo is not installed
              → sudo apt-get install -y sudo

        2 passed, 1 warning, 1 failed, 1 skipped
        next: sudo apt-get install -y sudo

        """,
        Write(Report));

    [Fact]
    public void VerboseShowsEveryResult()
    {
        var text = Write(Report, new(IsVerbose: true));

        Assert.Contains("      ✓ systemd           is the init of this system\n", text, StringComparison.Ordinal);
        Assert.Contains("      – Answer            said  [31mred [0m and more\n", text, StringComparison.Ordinal);
        Assert.EndsWith("next: sudo apt-get install -y sudo\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void FailedShowsFailuresOnly() => Assert.Equal(
        """
        smm-agent 1.2.3  vm-integration/analytics-v0

        Failed
          ✗ Package           sudo is not installed
              → sudo apt-get install -y sudo

        2 passed, 1 warning, 1 failed, 1 skipped
        next: sudo apt-get install -y sudo

        """,
        Write(Report, new(IsFailedOnly: true)));

    [Fact]
    public void OneLineNamesWhatOnlyRootSees()
    {
        var check = ReportedCheck.Create(
            "ports-open", CheckGroup.Ports, "Open ports", [CheckLine.Skipped("needs root", "sudo smm-agent check")]);

        Assert.EndsWith(
            "\n0 passed, 0 warnings, 0 failed, 1 skipped\nnot checked without root: Open ports; run: sudo smm-agent check\n",
            Write(Create(root: false, check)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutFailuresTheNextStepIsTheCallers() => Assert.EndsWith(
        "next: sudo smm-agent reconcile\n",
        Write(Create(root: true, ReportedCheck.Create("os-init", CheckGroup.OperatingSystem, "systemd", [CheckLine.Pass("is")])),
            new(Next: "sudo smm-agent reconcile")),
        StringComparison.Ordinal);

    [Fact]
    public void ColourIsOnlyInMarksAndHeadings()
    {
        var text = new CheckText(Report, new(HasColour: true), new()).Write();

        Assert.Contains("  \e[31m✗\e[0m Package", text, StringComparison.Ordinal);
        Assert.Contains("\e[1mFailed\e[0m\n", text, StringComparison.Ordinal);
        Assert.Equal(
            Write(Report),
            string.Concat(text.Split('\e')
                .Select((part, index) => index == 0 ? part : part[(part.IndexOf('m', StringComparison.Ordinal) + 1)..])));
    }

    [Fact]
    public void LinesFitTheTerminal()
    {
        var check = ReportedCheck.Create(
            "host-clock", CheckGroup.Host, "Clock", [CheckLine.Fail(string.Join(' ', Enumerable.Repeat("word", 60)), "set the clock")]);

        Assert.All(
            new CheckText(Create(root: true, check), new(Width: 60), new()).Write().Split('\n'),
            line => Assert.True(line.Length <= 60, line));
    }

    private static CheckReport Create(bool root, params ReportedCheck[] checks) =>
        CheckReport.Create("1.2.3", new GroupName("vm-integration", "analytics-v0"), root, DateTimeOffset.UnixEpoch, checks);

    private static string Write(CheckReport report, CheckTextOptions? options = null) =>
        new CheckText(report, new OutputStyle(), options ?? new()).Write();
}
