using SmmAgent.Contract;
using SmmAgent.Contract.Signing;

namespace SmmAgent.Testbed;

/// <summary>
/// Signs the packages that a mesh offers, and writes the list where the dashboard serves it. The key is discarded with the testbed.
/// </summary>
/// <param name="folder">The dashboard's packages.</param>
public sealed class PackageSignature(string folder)
{
    /// <summary>The key; a test can replace it.</summary>
    public PackageSigningKey Key { get; set; } = PackageSigningKey.New();

    /// <summary>When the list was issued; null means now.</summary>
    public DateTimeOffset? Issued { get; set; }

    public TimeSpan ValidFor { get; set; } = TimeSpan.FromDays(1);

    public IReadOnlyDictionary<string, string> Minimum { get; set; } = new Dictionary<string, string>();

    public void Sign(IReadOnlyList<OfferedPackage> packages)
    {
        var issued = Issued ?? DateTimeOffset.UtcNow;
        Replace(SignedPackageList.FileName, SignedPackageList.Seal(
            new()
            {
                Format = PackageList.CurrentFormat,
                Issued = issued,
                Expires = issued + ValidFor,
                MinimumVersions = Minimum,
                Packages =
                [
                    .. packages.Select(package => new ListedPackage
                    {
                        Name = package.Name, Version = package.Version, Format = PackageFormats.Parse(package.Format),
                            Architecture = package.Architecture,
                        Size = package.Size, Sha256 = package.Sha256,
                    }),
                ],
            },
            [Key]));
        Replace("package-keys", System.Text.Encoding.ASCII.GetBytes(Key.Public.Text + "\n"));
    }

    private void Replace(string name, byte[] content)
    {
        var temporary = Path.Combine(folder, $".{name}.new");
        File.WriteAllBytes(temporary, content);
        File.Move(temporary, Path.Combine(folder, name), overwrite: true);
    }
}
