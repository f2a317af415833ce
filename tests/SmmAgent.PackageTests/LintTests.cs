namespace SmmAgent.PackageTests;

public class LintTests
{
    [Theory, InlineData("amd64"), InlineData("arm64")]
    public async Task LintianFindsNothing(string architecture)
    {
        Tool.Needs("lintian");
        var (exitCode, output, error) = await Tool.RunAsync(
            ["lintian", "--allow-root", "--no-cfg", "--fail-on", "error,warning", Packages.Deb(architecture)]);

        Assert.Equal("", output + error);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task LintianExceptionsAreAllNeeded()
    {
        Tool.Needs("lintian");
        var output = await Tool.OutputAsync(
            "lintian", "--allow-root", "--no-cfg", "--show-overrides", "--display-info", Packages.Deb("amd64"));

        Assert.DoesNotContain("unused-override", output, StringComparison.Ordinal);
        Assert.Single(output.Split('\n'), line => line.StartsWith("O:", StringComparison.Ordinal));
    }

    [Theory, InlineData("amd64"), InlineData("arm64")]
    public async Task RpmlintFindsNothing(string architecture)
    {
        Tool.Needs("rpmlint");
        var (exitCode, output, error) = await Tool.RunAsync(
            ["rpmlint", "--config", Path.Combine(Repository.Root, "packaging", "rpm", "rpmlint.toml"), Packages.Rpm(architecture)]);

        Assert.True(exitCode == 0 && output.Contains("0 errors, 0 warnings", StringComparison.Ordinal), output + error);
    }
}
