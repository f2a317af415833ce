using System.Security.Cryptography;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;

namespace SmmDashboard.Packages;

/// <summary>Signs what lies in a folder of packages: the package list that agents ask, and SHA256SUMS.</summary>
public sealed class PackageSigner(string folder, IReadOnlyList<PackageSigningKey> keys, TimeProvider clock)
{
    public const string Agent = "smm-agent";
    public const string Sidecar = "istio-sidecar";

    /// <summary>The public halves of the keys, one a line; the first is what the install script has a first installation trust.</summary>
    public const string KeysFile = "package-keys";

    public const string Sums = "SHA256SUMS";
    public const string SumsSignature = "SHA256SUMS.sig";

    /// <param name="minimumVersions">By a package's name; one that is not there has none.</param>
    /// <exception cref="InvalidDataException">There is no package, or SHA256SUMS does not fit the files.</exception>
    public async Task<PackageList> SignAsync(TimeSpan validFor, IReadOnlyDictionary<string, string> minimumVersions, CancellationToken cancel)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(clock.GetUtcNow().ToUnixTimeSeconds());
        var packages = new List<ListedPackage>();
        var files = new PackageFolder(folder);
        foreach (var name in files.Names().Order(StringComparer.Ordinal))
        {
            if ((SidecarPackages.Read(name) ?? AgentPackages.Listed(name)) is not { } listed || !files.TryOpen(name, out var stream))
                continue;
            await using (stream)
                packages.Add(listed with { Size = stream.Length, Sha256 = await files.Sha256Async(stream, cancel) });
        }

        if (packages.Count == 0)
        {
            throw new InvalidDataException(
                $"{folder} has no package: smm-agent_VERSION_{{amd64,arm64}}.deb, smm-agent-VERSION-RELEASE.{{x86_64,aarch64}}.rpm, "
                + "istio-sidecar_VERSION_{amd64,arm64}.deb or istio-sidecar-VERSION.{x86_64,aarch64}.rpm");
        }

        if (packages.Count > PackageList.MaximumPackages)
            throw new InvalidDataException($"{folder} has {packages.Count} packages, and a list at most {PackageList.MaximumPackages}");

        var list = new PackageList
        {
            Format = PackageList.CurrentFormat, Issued = now, Expires = now + validFor, MinimumVersions = minimumVersions, Packages = packages,
        };
        await SignSumsAsync(packages, cancel);
        Replace(SignedPackageList.FileName, SignedPackageList.Seal(list, keys));
        Replace(KeysFile, Encoding.ASCII.GetBytes(string.Concat(keys.Select(key => key.Public.Text + "\n"))));
        return list;
    }

    // A detached signature of the file as it is, which openssl verifies. It is of the first key.
    private async Task SignSumsAsync(List<ListedPackage> packages, CancellationToken cancel)
    {
        var path = Path.Combine(folder, Sums);
        if (!File.Exists(path))
            return;

        var sums = await File.ReadAllBytesAsync(path, cancel);
        foreach (var line in Encoding.UTF8.GetString(sums).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length < 66)
                throw new InvalidDataException($"{path} has the line '{NameRules.Shown(line)}', which sha256sum does not write");
            var file = Path.Combine(folder, line[66..]);
            var found = File.Exists(file) ? await HashAsync(file, cancel) : "none, because there is no such file";
            if (found != line[..64])
                throw new InvalidDataException($"{path} does not fit {line[66..]}, whose SHA-256 is {found}: make it anew (cd {folder} && sha256sum -- *.deb *.rpm >{Sums})");
        }

        Replace(SumsSignature, keys[0].Sign(sums));
    }

    private static async Task<string> HashAsync(string file, CancellationToken cancel)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancel));
    }

    private void Replace(string name, byte[] content)
    {
        var temporary = Path.Combine(folder, $".{name}.{Guid.NewGuid():N}");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(content);
                File.SetUnixFileMode(stream.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, Path.Combine(folder, name), overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
