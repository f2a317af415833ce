using System.Runtime.CompilerServices;

namespace SmmAgent.NetnsTests.Cli;

/// <summary>A text that an output is held against. With SMM_GOLDEN=write the tests write what they see; git diff shows it.</summary>
internal static class GoldenFile
{
    public static void AssertSame(string name, string text)
    {
        var path = Path.Combine(Folder(), $"{name}.txt");
        if (Environment.GetEnvironmentVariable("SMM_GOLDEN") == "write")
            File.WriteAllText(path, text);

        Assert.True(File.Exists(path), $"there is no {path}: run the test once with SMM_GOLDEN=write");
        Assert.Equal(File.ReadAllText(path), text);
    }

    // The path in the binary is a mapped one: what is behind tests/ is looked for above the test's own folder.
    private static string Folder([CallerFilePath] string source = "")
    {
        var below = Path.GetDirectoryName(source)![(source.IndexOf("tests/", StringComparison.Ordinal))..];
        return Path.Combine(Repository.Root, below, "Golden");
    }
}
