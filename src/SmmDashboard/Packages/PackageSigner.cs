using System.Security.Cryptography;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;

namespace SmmDashboard.Packages;

/// <summary>Signs a folder of packages: the package list that agents verify, and SHA256SUMS.</summary>
public sealed class PackageSigner(string folder, IReadOnlyList<PackageSigningKey> keys, TimeProvider clock)
{
    public const string Agent = "smm-agent";
    public const string Sidecar = "istio-sidecar";

    /// <summary>The file with the public keys, one per line. The install script makes a first installation trust the first key.</summary>
    public const string KeysFile = "package-keys";

    public const string Sums = "SHA256SUMS";
    public const string SumsSignature = "SHA256SUMS.sig";

    /// <param name="validFor">The time until the list expires.</param>
    /// <param name="minimumVersions">The minimum version by the name of a package; a package that is absent has none.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidDataException">There is no package, or SHA256SUMS does not match the files.</exception>
    public async Task<PackageList> SignAsync(
        TimeSpan validFor, IReadOnlyDictionary<string, string> minimumVersions, CancellationToken cancel)
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
                $"{folder} contains no package named smm-agent_VERSION_{{amd64,arm64}}.deb, "
                + "smm-agent-VERSION-RELEASE.{x86_64,aarch64}.rpm, istio-sidecar_VERSION_{amd64,arm64}.deb "
                + "or istio-sidecar-VERSION.{x86_64,aarch64}.rpm");
        }

        if (packages.Count > PackageList.MaximumPackages)
        {
            throw new InvalidDataException(
                $"{folder} contains {packages.Count} packages, but a list may contain at most {PackageList.MaximumPackages}");
        }

        var list = new PackageList
        {
            Format = PackageList.CurrentFormat,
            Issued = now,
            Expires = now + validFor,
            MinimumVersions = minimumVersions,
            Packages = packages,
        };
        await SignSumsAsync(packages, cancel);
        Replace(SignedPackageList.FileName, SignedPackageList.Seal(list, keys));
        Replace(KeysFile, Encoding.ASCII.GetBytes(string.Concat(keys.Select(key => key.Public.Text + "\n"))));
        return list;
    }

    // A detached signature of the unchanged file by the first key, which openssl can verify.
    private async Task SignSumsAsync(List<ListedPackage> packages, CancellationToken cancel)
    {
        var path = Path.Combine(folder, Sums);
        if (!File.Exists(path))
            return;

        var sums = await File.ReadAllBytesAsync(path, cancel);
        foreach (var line in Encoding.UTF8.GetString(sums).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length < 66)
                throw new InvalidDataException($"{path} contains the line '{NameRules.Shown(line)}', which is not a line of sha256sum");
            var file = Path.Combine(folder, line[66..]);
            var found = File.Exists(file) ? await HashAsync(file, cancel) : "unknown because the file does not exist";
            if (found != line[..64])
            {
                throw new InvalidDataException(
                    $"{path} does not match {line[66..]}, the SHA-256 of which is {found}; "
                    + $"create it again: cd {folder} && sha256sum -- *.deb *.rpm >{Sums}");
            }

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
                const UnixFileMode WorldReadable =
                    UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
                File.SetUnixFileMode(stream.SafeFileHandle, WorldReadable);
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
