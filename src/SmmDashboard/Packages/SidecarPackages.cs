using System.Text.RegularExpressions;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;

namespace SmmDashboard.Packages;

/// <summary>
/// The packages of the Istio sidecar in the folder, as mesh configurations offer them: <c>istio-sidecar_VERSION_{amd64,arm64}.deb</c> and
/// <c>istio-sidecar-VERSION.{x86_64,aarch64}.rpm</c>. Istio publishes them without the version and the architecture in their names.
/// </summary>
public sealed partial class SidecarPackages(PackageFolder folder)
{
    // Two architectures and two formats for each version, and one version per control plane of a mesh.
    private const int MaximumPackages = 64;

    /// <summary>Lists the packages in the order of their names, so that all replicas with the same folder offer the same list.</summary>
    public async Task<IReadOnlyList<Package>> ListAsync(CancellationToken cancellationToken)
    {
        var packages = new List<Package>();
        foreach (var file in folder.Names().Order(StringComparer.Ordinal))
        {
            if (Read(file) is not { } named || packages.Count == MaximumPackages || !folder.TryOpen(file, out var stream))
                continue;

            await using (stream)
            {
                packages.Add(new Package
                {
                    Name = named.Name,
                    Version = named.Version,
                    Format = named.Format,
                    Architecture = named.Architecture,
                    Path = $"/packages/{file}",
                    Sha256 = await folder.Sha256Async(stream, cancellationToken),
                    Size = stream.Length,
                });
            }
        }

        return packages;
    }

    /// <summary>Parses the file name of a package of the sidecar; null for other files.</summary>
    internal static ListedPackage? Read(string file) => File().Match(file) is { Success: true } match
        ? new()
        {
            Name = PackageSigner.Sidecar,
            Version = match.Groups["version"].Value,
            Format = match.Groups["deb"].Success ? PackageFormat.Deb : PackageFormat.Rpm,
            Architecture = match.Groups["architecture"].Value is "amd64" or "x86_64" ? "amd64" : "arm64",
            Size = 0,
            Sha256 = "",
        }
        : null;

    [GeneratedRegex(
        @"^istio-sidecar(_(?<version>[0-9][A-Za-z0-9.+~-]*)_(?<architecture>amd64|arm64)\.(?<deb>deb)"
            + @"|-(?<version>[0-9][A-Za-z0-9.+~-]*)\.(?<architecture>x86_64|aarch64)\.rpm)\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex File();
}
