using System.Security.Cryptography;

namespace SmmAgent.Testbed;

/// <summary>A package that the mesh description offers to VMs.</summary>
/// <param name="Path">Where the dashboard, or another server, has it.</param>
public sealed record OfferedPackage(string Name, string Version, string Format, string Architecture, string Path, string Sha256, long Size)
{
    /// <summary>The offer of a file in the folder of packages that the dashboard serves.</summary>
    public static OfferedPackage From(string file, string name, string version, string format, string architecture)
    {
        using var stream = File.OpenRead(file);
        return new(name, version, format, architecture, $"/packages/{System.IO.Path.GetFileName(file)}",
            Convert.ToHexStringLower(SHA256.HashData(stream)), stream.Length);
    }

    /// <summary>As members of YAML's braces.</summary>
    public override string ToString() =>
        $"name: {Name}, version: '{Version}', format: {Format}, architecture: {Architecture}, path: '{Path}', sha256: '{Sha256}', "
        + $"size: {Size}";
}
