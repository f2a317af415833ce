using System.Runtime.InteropServices;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>
/// The packages for the architecture of this machine: from <c>./build.sh package</c>, or newer ones with the same program.
/// </summary>
/// <param name="folder">The folder with both formats.</param>
public sealed class AgentPackage(string folder)
{
    public const string NewerVersion = "99.0.0";

    /// <summary>This machine's architecture, as each format calls it.</summary>
    public static readonly (string Deb, string Rpm) Architecture =
        RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? ("arm64", "aarch64") : ("amd64", "x86_64");

    public static AgentPackage Built { get; } = new(Path.Combine(Programs.Artifacts, "packages"));

    public string Folder => folder;

    public string Deb => Find(DebPattern) ?? throw new InvalidOperationException(Missing());

    public string Rpm => Find(RpmPattern) ?? throw new InvalidOperationException(Missing());

    /// <summary>The missing package; null if both exist.</summary>
    public string? Missing() =>
        ((string[])[DebPattern, RpmPattern]).FirstOrDefault(pattern => Find(pattern) is null) is { } pattern
            ? Path.Combine(folder, pattern) : null;

    /// <summary>Packages the same program once more, as a later version.</summary>
    /// <param name="folder">The working folder.</param>
    public static AgentPackage Newer(string folder)
    {
        var source = Path.Combine(folder, "source");
        Directory.CreateDirectory(source);
        Shell.Run("cp", "-r", Path.Combine(Repository, "packaging"), Path.Combine(Repository, "docs"),
            Path.Combine(Repository, "CHANGELOG.md"), source);
        Shell.Run("install", "-D", "-t", Path.Combine(source, "src", "SmmAgent"),
            Path.Combine(Repository, "src", "SmmAgent", "packages.lock.json"));
        File.WriteAllText(Path.Combine(source, "Directory.Build.props"),
            $"<Project><PropertyGroup><Version>{NewerVersion}</Version></PropertyGroup></Project>\n");
        var packages = Path.Combine(folder, "packages");
        Shell.RunAtMost(TimeSpan.FromMinutes(5), "env", "SOURCE_DATE_EPOCH=1000000000", Path.Combine(source, "packaging", "package.sh"),
            packages, $"{Architecture.Deb}={Path.GetDirectoryName(Programs.Agent)}");
        return new(packages);
    }

    private static string DebPattern => $"smm-agent_*_{Architecture.Deb}.deb";

    private static string RpmPattern => $"smm-agent-*.{Architecture.Rpm}.rpm";

    private static string Repository => Path.GetFullPath(Path.Combine(Programs.Artifacts, ".."));

    private string? Find(string pattern) => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern).SingleOrDefault() : null;
}
