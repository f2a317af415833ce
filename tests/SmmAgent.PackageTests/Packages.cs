using System.Runtime.InteropServices;

namespace SmmAgent.PackageTests;

/// <summary>The output of <c>./build.sh package</c>.</summary>
internal static class Packages
{
    public static string Folder { get; } = Path.Combine(Repository.Artifacts, "packages");

    public static string HostArchitecture { get; } = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64";

    public static string Deb(string architecture) => Existing($"smm-agent_{Repository.Version}_{architecture}.deb");

    public static string Rpm(string architecture) => Existing($"smm-agent-{Repository.Version}-1.{RpmName(architecture)}.rpm");

    /// <summary>The bill of materials.</summary>
    public static string Bom(string architecture) => Existing($"smm-agent_{Repository.Version}_{architecture}.cdx.json");

    /// <summary>The binary's debug symbols, compressed.</summary>
    public static string Symbols(string architecture)
    {
        var path = Path.Combine(Repository.Artifacts, "symbols", $"smm-agent_{Repository.Version}_{architecture}.debug.xz");
        Assert.SkipUnless(File.Exists(path), $"needs {path}: ./build.sh package");
        return path;
    }

    public static string RpmName(string architecture) => architecture == "arm64" ? "aarch64" : "x86_64";

    /// <summary>The published binary of an architecture.</summary>
    public static string Published(string architecture) => Path.Combine(
        Repository.Artifacts, "publish", "SmmAgent", architecture == HostArchitecture ? "release" : "other");

    /// <summary>The binary of the deb, extracted into a file.</summary>
    public static async Task<string> UnpackedBinaryAsync(string architecture, TemporaryFolder folder)
    {
        await Tool.OutputAsync("dpkg-deb", "-x", Deb(architecture), folder.Root);
        return Path.Combine(folder.Root, "usr/bin/smm-agent");
    }

    private static string Existing(string name)
    {
        var path = Path.Combine(Folder, name);
        Assert.SkipUnless(File.Exists(path), $"needs {path}: ./build.sh package");
        return path;
    }
}
