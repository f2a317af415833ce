using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace SmmAgent.PackageTests.SupplyChain;

public sealed partial class LockFileTests
{
    private static string[] Projects { get; } =
    [
        .. ((string[])["src", "tests"])
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.csproj", SearchOption.AllDirectories)),
    ];

    [Fact]
    public void LockFilesNameEveryPackageWithItsHashAndNoServer()
    {
        Assert.NotEmpty(Projects);
        foreach (var project in Projects)
        {
            var file = Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json");
            Assert.True(File.Exists(file), $"there is no {file}: dotnet restore SmmAgent.sln");
            var text = File.ReadAllText(file);
            Assert.DoesNotContain("://", text, StringComparison.Ordinal);
            var entries = JsonNode.Parse(text)!["dependencies"]!.AsObject().SelectMany(framework => framework.Value!.AsObject())
                .Where(entry => (string?)entry.Value!["type"] != "Project");
            Assert.All(entries, entry =>
                Assert.Equal((88, true), (((string?)entry.Value!["contentHash"])?.Length, entry.Value["resolved"] is not null)));
        }
    }

    [Fact]
    public async Task PackagesOutsideTheLockFilesAreNotRestored()
    {
        using var folder = new TemporaryFolder();
        foreach (var name in (string[])["SmmAgent.Contract", "SmmAgent.Core"])
        {
            foreach (var file in (string[])[$"{name}.csproj", "packages.lock.json"])
                Copy(folder, Path.Combine("src", name, file));
        }

        foreach (var file in (string[])[
            "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", "src/Directory.Build.props"])
            Copy(folder, file);
        var locked = (await RunAsync(folder, "msbuild", "src/SmmAgent.Core", "-getProperty:RestoreLockedMode")).Output.Trim();
        if (locked != "true")
            return; // another SDK than that of the lock files: Directory.Build.targets does not lock then

        Assert.Equal(0, (await RunAsync(folder, "restore", "src/SmmAgent.Core")).ExitCode);

        var versions = Path.Combine(folder.Root, "Directory.Packages.props");
        var changed = YamlDotNet().Replace(await File.ReadAllTextAsync(versions, TestContext.Current.CancellationToken), "${start}1.0.0");
        await File.WriteAllTextAsync(versions, changed, TestContext.Current.CancellationToken);
        var other = await RunAsync(folder, "restore", "src/SmmAgent.Core");
        Assert.NotEqual(0, other.ExitCode);
        Assert.Contains("NU1004", other.Output, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(TemporaryFolder folder, params string[] arguments)
    {
        Tool.Needs("dotnet");
        return Tool.RunAsync(["dotnet", .. arguments], new() { ["CI"] = "true", ["MSBUILDDISABLENODEREUSE"] = "1" }, folder.Root);
    }

    private static void Copy(TemporaryFolder folder, string path)
    {
        var target = Path.Combine(folder.Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(Path.Combine(Repository.Root, path), target);
    }

    [GeneratedRegex("(?<start>\"YamlDotNet\" Version=\")[^\"]+", RegexOptions.ExplicitCapture)]
    private static partial Regex YamlDotNet();
}
