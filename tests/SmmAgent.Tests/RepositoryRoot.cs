namespace SmmAgent.Tests;

/// <summary>Files of the repository that the tests hold against the code.</summary>
internal static class RepositoryRoot
{
    public static string File(params string[] path) => Path.Combine([Find(), .. path]);

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(folder.FullName, "SmmAgent.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("SmmAgent.sln was not found above the tests");
        return folder.FullName;
    }
}
