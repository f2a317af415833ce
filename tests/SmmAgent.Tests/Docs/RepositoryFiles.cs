namespace SmmAgent.Tests.Docs;

/// <summary>A text file of the repository, read once.</summary>
/// <param name="Path">The path below the repository's root, with slashes.</param>
internal sealed record RepositoryFile(string Path, IReadOnlyList<string> Lines);

/// <summary>The text files of the repository by area.</summary>
internal static class RepositoryFiles
{
    private static readonly string[] Generated = ["artifacts", "bin", "obj", ".git", ".vs", ".idea", "findings"];

    // Objects and output of other projects, unchanged, and inputs that once broke a parser. Their READMEs are ours.
    private static readonly string[] Foreign = ["Golden", "Oracles", "crashes", "seeds", "records"];

    public static IReadOnlyList<RepositoryFile> Markdown { get; } = [.. Below("", ".md")];

    /// <summary>The C# files below a folder.</summary>
    public static IEnumerable<RepositoryFile> Sources(string area) => Below(area, ".cs");

    /// <summary>The files below a folder whose name ends in one of the endings.</summary>
    public static IEnumerable<RepositoryFile> Below(string area, params string[] endings)
    {
        var root = Repository.PathOf();
        return Walk(new DirectoryInfo(Path.Combine(root, area)))
            .Where(file => file.Extension == ".md" || !file.FullName.Split('/').Intersect(Foreign).Any())
            .Where(file => endings.Any(ending => file.Name.EndsWith(ending, StringComparison.Ordinal)))
            .Select(file => new RepositoryFile(Path.GetRelativePath(root, file.FullName), File.ReadAllLines(file.FullName)))
            .OrderBy(file => file.Path, StringComparer.Ordinal);
    }

    /// <summary>Fails with every item on a line of its own.</summary>
    public static void AssertNone(IEnumerable<string> found)
    {
        var list = found.ToList();
        Assert.True(list.Count == 0, string.Join('\n', list));
    }

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) =>
        folder.EnumerateFiles().Concat(folder.EnumerateDirectories()
            .Where(child => child.LinkTarget is null && !Generated.Contains(child.Name))
            .SelectMany(Walk));
}
