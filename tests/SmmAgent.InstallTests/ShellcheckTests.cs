namespace SmmAgent.InstallTests;

/// <summary>shellcheck reports nothing for the shell scripts of the repository.</summary>
public sealed class ShellcheckTests
{
    private static readonly string[] NotOurs = [".git", "artifacts", "bin", "obj"];

    public static TheoryData<string> Scripts => [.. Files(new DirectoryInfo(Repository.Root)).Where(IsShell)
        .Select(file => Path.GetRelativePath(Repository.Root, file.FullName)).Order()];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void ScriptPassesShellcheck(string script)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/shellcheck"), "needs shellcheck: ./build.sh test installs it");
        string[] dialect = script.EndsWith(".bash", StringComparison.Ordinal) ? ["--shell=bash"] : [];
        Assert.Equal((0, ""), Shell.Try(["shellcheck", .. dialect, Path.Combine(Repository.Root, script)]));
    }

    [Fact]
    public void ScriptsIncludeTheImportantOnes() =>
        Assert.Superset(new HashSet<string>(["build.sh", "packaging/install.sh"]), Scripts.Select(row => row.Data).ToHashSet());

    private static IEnumerable<FileInfo> Files(DirectoryInfo folder) => folder.EnumerateDirectories()
        .Where(sub => !NotOurs.Contains(sub.Name) && sub.LinkTarget is null)
        .SelectMany(Files)
        .Concat(folder.EnumerateFiles().Where(file => file.LinkTarget is null));

    // Maintainer scripts of packages have no extension: the first line identifies them.
    private static bool IsShell(FileInfo file)
    {
        if (file.Extension is ".sh" or ".bash")
            return true;

        using var reader = new StreamReader(file.OpenRead());
        var start = new char[64];
        var first = new string(start, 0, reader.ReadBlock(start)).Split('\n')[0];
        return first.StartsWith("#!", StringComparison.Ordinal) && first.Split('/', ' ').Any(word => word is "sh" or "bash" or "dash");
    }
}
