using SmmAgent.Core.Checks;

namespace SmmAgent.Core.Tests.Checks;

public sealed class ReportedCheckTests
{
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
