using System.Text.RegularExpressions;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;

namespace SmmDashboard.Packages;

/// <summary>A package of smm-agent with the data that the install script verifies.</summary>
public sealed record AgentPackage(string Sha256, long Size, string File);

/// <summary>The packages of smm-agent in the folder: the newest for each format and architecture.</summary>
public sealed partial class AgentPackages(PackageFolder folder)
{
    private sealed record Name(string File, string Kind, string Version);

    public async Task<IReadOnlyList<AgentPackage>> NewestAsync(CancellationToken cancellationToken)
    {
        var packages = new List<AgentPackage>();
        var kinds = folder.Names().Select(Read).OfType<Name>().GroupBy(name => name.Kind);
        foreach (var kind in kinds.OrderBy(kind => kind.Key, StringComparer.Ordinal))
        {
            // rpm orders the versions of these packages in the same way.
            var newest = kind.OrderByDescending(name => name.Version, Comparer<string>.Create((a, b) => PackageFormat.Deb.Compare(a, b)))
                .ThenBy(name => name.File, StringComparer.Ordinal);
            foreach (var name in newest)
            {
                // A package that cannot be opened or has been removed does not hide an older one.
                if (!folder.TryOpen(name.File, out var stream))
                    continue;

                await using (stream)
                    packages.Add(new AgentPackage(await folder.Sha256Async(stream, cancellationToken), stream.Length, name.File));
                break;
            }
        }

        return packages;
    }

    /// <summary>Reads the key that signs the packages, which a first installation trusts; null without a key file.</summary>
    public PackageKey? SigningKey()
    {
        if (!folder.TryOpen(PackageSigner.KeysFile, out var stream))
            return null;

        using (stream)
        using (var reader = new StreamReader(stream))
        {
            var line = new char[PackageKey.TextLength];
            return reader.ReadBlock(line) == line.Length && PackageKey.TryParse(new string(line), out var key, out _) ? key : null;
        }
    }

    /// <summary>Parses the file name of a package of the agent; null for other files.</summary>
    internal static ListedPackage? Listed(string file) => Read(file) is { Version: var version, Kind: var kind }
        ? new()
        {
            Name = PackageSigner.Agent,
            Version = version,
            Format = kind.EndsWith("rpm", StringComparison.Ordinal) ? PackageFormat.Rpm : PackageFormat.Deb,
            Architecture = kind is "amd64.deb" or "x86_64.rpm" ? "amd64" : "arm64", Size = 0, Sha256 = "",
        }
        : null;

    private static Name? Read(string file)
    {
        var match = Deb().Match(file) is { Success: true } deb ? deb : Rpm().Match(file);
        return match.Success ? new Name(file, match.Groups["kind"].Value, match.Groups["version"].Value) : null;
    }

    [GeneratedRegex(@"^smm-agent_(?<version>[0-9][A-Za-z0-9.+~-]*)_(?<kind>(amd64|arm64)\.deb)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Deb();

    [GeneratedRegex(
        @"^smm-agent-(?<version>[0-9][A-Za-z0-9.+~]*-[0-9][A-Za-z0-9.+~]*)\.(?<kind>(x86_64|aarch64)\.rpm)\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Rpm();
}
