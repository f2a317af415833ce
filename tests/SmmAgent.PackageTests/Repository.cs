using System.Text.RegularExpressions;

namespace SmmAgent.PackageTests;

internal static partial class Repository
{
    public static string Root { get; } = Find();

    /// <summary>The one place that says the version.</summary>
    public static string Version { get; } = VersionElement()
        .Match(File.ReadAllText(Path.Combine(Root, "Directory.Build.props"))).Groups[1].Value;

    public static string Artifacts => Path.Combine(Root, "artifacts");

    /// <summary>What the linker links with: made by packaging/link/sysroot.sh.</summary>
    public static string Sysroot(string architecture) => Path.Combine(Artifacts, "sysroot", architecture);

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "SmmAgent.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("SmmAgent.sln was not found above the tests");
        return folder.FullName;
    }

    [GeneratedRegex("<Version>(.+)</Version>")]
    private static partial Regex VersionElement();
}
