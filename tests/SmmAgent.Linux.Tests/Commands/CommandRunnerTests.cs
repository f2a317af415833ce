using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Tests.Commands;

public sealed class CommandRunnerTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-commands-");
    private readonly string _before = Environment.CurrentDirectory;

    public void Dispose()
    {
        Environment.CurrentDirectory = _before;
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task ProgramInTheCurrentFolderIsNotRun()
    {
        var name = Plant();
        Environment.CurrentDirectory = _folder.FullName;

        var result = await new CommandRunner().RunAsync([name], TestContext.Current.CancellationToken);

        Assert.Equal(CommandEnding.NotFound, result.Ending);
    }

    [Fact]
    public async Task DanglingLinkIsNotAProgram()
    {
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "smm-gone"), "/nowhere/smm-gone");

        Assert.Null(ProgramSearch.Find("smm-gone", _folder.FullName));
        Assert.Equal(CommandEnding.NotFound,
            (await new CommandRunner().RunAsync(["smm-gone"], TestContext.Current.CancellationToken)).Ending);
    }

    [Fact]
    public async Task EndlessOutputIsKilledWithoutAPartialResult()
    {
        var result = await new CommandRunner().RunAsync(["cat", "/dev/zero"], TestContext.Current.CancellationToken);

        Assert.Equal((CommandEnding.TooMuchOutput, "", false), (result.Ending, result.Output, result.Succeeded));
        Assert.Equal("cat /dev/zero printed more than 8 MiB and was killed", result.Describe());
    }

    [Fact]
    public async Task StreamedOutputIsCompleteUpToTheLimit()
    {
        var all = new System.Text.StringBuilder();
        var result = await new CommandRunner().RunAsync(
            ["seq", "20000"], TestContext.Current.CancellationToken, read: part => all.Append(part));

        Assert.Equal(("", true), (result.Output, result.Succeeded));
        Assert.Equal(string.Concat(Enumerable.Range(1, 20000).Select(number => $"{number}\n")), all.ToString());

        var length = 0L;
        var endless = await new CommandRunner().RunAsync(
            ["cat", "/dev/zero"], TestContext.Current.CancellationToken, read: part => length += part.Length);

        Assert.Equal(CommandEnding.TooMuchOutput, endless.Ending);
        Assert.InRange(length, 1, CommandRunner.MaximumOutput);
    }

    [Fact]
    public async Task MuchOutputIsAllowedWhereOnlyTheEndIsKept()
    {
        var result = await new CommandRunner().RunAsync(
            ["sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' x; echo; echo the end"], TestContext.Current.CancellationToken,
            timeout: TimeSpan.FromMinutes(2), keepsEnd: true);

        Assert.True(result.Succeeded);
        Assert.EndsWith("xxx\nthe end\n", result.Output, StringComparison.Ordinal);
        Assert.InRange(result.Output.Length, 1000, 200_000);
    }

    [Fact]
    public async Task RemainingChildIsNotAwaitedWhereOnlyTheEndIsKept()
    {
        var result = await new CommandRunner().RunAsync(
            ["sh", "-c", "sleep 3600 & echo $!"], TestContext.Current.CancellationToken, timeout: TimeSpan.FromMinutes(2), keepsEnd: true);

        using var left = System.Diagnostics.Process.GetProcessById(
            int.Parse(result.Output.Trim(), System.Globalization.CultureInfo.InvariantCulture));
        left.Kill();
        Assert.True(result.Succeeded);
    }

    [Theory]
    [InlineData("FOLDER", true)]
    [InlineData("/nowhere:FOLDER", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("::./", false)]
    public void OnlyAbsoluteFoldersOfPathAreSearched(string path, bool isFound)
    {
        var name = Plant();
        Environment.CurrentDirectory = _folder.FullName;

        var found = ProgramSearch.Find(name, path.Replace("FOLDER", _folder.FullName, StringComparison.Ordinal));

        Assert.Equal(isFound ? Path.Combine(_folder.FullName, name) : null, found);
    }

    [Fact]
    public void FileThatIsNotExecutableIsNotAProgram()
    {
        var name = Plant(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Assert.Null(ProgramSearch.Find(name, _folder.FullName));
    }

    [Fact]
    public void SystemFoldersAreSearchedWithAnyPath() => Assert.NotNull(ProgramSearch.Find("ip", "/nowhere"));

    private string Plant(UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)
    {
        var name = $"planted-{Guid.NewGuid():N}";
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, "#!/bin/sh\necho planted\n");
        File.SetUnixFileMode(path, mode);
        return name;
    }
}
