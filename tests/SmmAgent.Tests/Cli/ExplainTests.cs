using SmmAgent.Cli;
using SmmAgent.Core.Text;
using SmmAgent.Host;

namespace SmmAgent.Tests.Cli;

public sealed class ExplainTests
{
    [Fact]
    public void ReasonIsExplainedForEachConditionThatHasIt()
    {
        var (code, output, _) = Run("NotOffered");

        Assert.Equal(0, code);
        Assert.Equal(
            """
            NotOffered (SidecarInstalled: False)
              means  the mesh configuration has no package for this distribution and architecture, or only one newer than the control plane
              do     add one to the packages of the dashboard

            """,
            output);
        Assert.Equal(3, Run("refused").Output.Split("Refused (").Length - 1);
    }

    [Fact]
    public void TheSameRefersToNothingThatIsNotShown() =>
        Assert.DoesNotContain("  do     the same", Run("TokenExpired").Output, StringComparison.Ordinal);

    [Fact]
    public void ConditionIsExplainedWithItsReasons()
    {
        var (code, output, _) = Run("PortsOpen");

        Assert.Equal(0, code);
        Assert.StartsWith("PortsOpen\n  The firewall of the host admits the cluster", output, StringComparison.Ordinal);
        Assert.Contains("  False, Unknown  NotPermitted", output, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutANameEveryConditionIsListed()
    {
        var (code, output, _) = Run(null);

        Assert.Equal(0, code);
        Assert.All(Core.Conditions.ConditionType.All, type => Assert.Contains($"  {type} ", output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("NotOpn", "; did you mean 'NotOpen'?")]
    [InlineData("PortOpen", "; did you mean 'PortsOpen'?")]
    [InlineData("xyzzy-nothing", "")]
    public void UnknownNameIsAnErrorWithASuggestion(string name, string meant)
    {
        var (code, output, error) = Run(name);

        Assert.Equal((2, ""), (code, output));
        Assert.Equal($"smm-agent: there is neither a condition nor a reason '{name}'{meant}\nsee: smm-agent explain\n", error);
    }

    [Fact]
    public void TextFitsTheTerminal()
    {
        foreach (var name in (string[])["PortsOpen", "TokenRefused", "DuplicateIdentity"])
        {
            var (_, output, _) = Run(name, new OutputStyle(HasColour: true, Width: 80));
            Assert.All(output.Split('\n'), line => Assert.True(DisplayWidth.Of(line) <= 80, line));
        }
    }

    private static (int Code, string Output, string Error) Run(string? name, OutputStyle? style = null)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        return (ExplainCommand.Run(name, output, error, style ?? new OutputStyle()), output.ToString(), error.ToString());
    }
}
