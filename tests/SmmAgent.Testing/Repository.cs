using System.Text.RegularExpressions;

namespace SmmAgent.Testing;

/// <summary>The checkout that the tests were built from.</summary>
public static partial class Repository
{
    public static string Root { get; } = Find();

    /// <summary>The product's version, from the only file that states it.</summary>
    public static string Version { get; } = VersionElement().Match(File.ReadAllText(PathOf("Directory.Build.props"))).Groups[1].Value;

    public static string Artifacts => PathOf("artifacts");

    public static string InstallScript => PathOf("packaging", "install.sh");

    /// <summary>The libraries that the agent is linked with; packaging/link/sysroot.sh makes them.</summary>
    public static string Sysroot(string architecture) => Path.Combine(Artifacts, "sysroot", architecture);

    /// <summary>A file or a folder of the checkout.</summary>
    public static string PathOf(params string[] path) => Path.Combine([Root, .. path]);

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
