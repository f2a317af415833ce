using System.Runtime.CompilerServices;

namespace SmmAgent.NetnsTests.Cli;

/// <summary>The expected text of an output. With SMM_GOLDEN=write the tests write it; git diff shows the changes.</summary>
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

    // The path in the binary is mapped: the part after tests/ is searched above the folder of the test.
    private static string Folder([CallerFilePath] string source = "")
    {
        var below = Path.GetDirectoryName(source)![(source.IndexOf("tests/", StringComparison.Ordinal))..];
        return Path.Combine(Repository.Root, below, "Golden");
    }
}
