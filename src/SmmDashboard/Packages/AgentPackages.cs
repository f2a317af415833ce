using System.Text.RegularExpressions;
using SmmAgent.Contract;

namespace SmmDashboard.Packages;

/// <summary>A package of smm-agent, as the install script verifies it.</summary>
public sealed record AgentPackage(string Sha256, long Size, string File);

/// <summary>The packages of smm-agent in the folder: the newest for each format and architecture.</summary>
public sealed partial class AgentPackages(PackageFolder folder)
{
    private sealed record Name(string File, string Kind, string Version);

    public async Task<IReadOnlyList<AgentPackage>> NewestAsync(CancellationToken cancellationToken)
    {
        var packages = new List<AgentPackage>();
        foreach (var kind in folder.Names().Select(Read).OfType<Name>().GroupBy(name => name.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal))
        {
            // rpm orders all that our packages are called in the same way.
            var newest = kind.OrderByDescending(name => name.Version, Comparer<string>.Create((a, b) => PackageFormat.Deb.Compare(a, b)))
                .ThenBy(name => name.File, StringComparer.Ordinal);
            foreach (var name in newest)
            {
                // One that cannot be opened, or is gone by now, does not hide an older one.
                if (!folder.TryOpen(name.File, out var stream))
                    continue;

                await using (stream)
                    packages.Add(new AgentPackage(await folder.Sha256Async(stream, cancellationToken), stream.Length, name.File));
                break;
            }
        }

        return packages;
    }

    private static Name? Read(string file)
    {
        var match = Deb().Match(file) is { Success: true } deb ? deb : Rpm().Match(file);
        return match.Success ? new Name(file, match.Groups["kind"].Value, match.Groups["version"].Value) : null;
    }

    [GeneratedRegex(@"^smm-agent_(?<version>[0-9][A-Za-z0-9.+~-]*)_(?<kind>(amd64|arm64)\.deb)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Deb();

    [GeneratedRegex(@"^smm-agent-(?<version>[0-9][A-Za-z0-9.+~]*-[0-9][A-Za-z0-9.+~]*)\.(?<kind>(x86_64|aarch64)\.rpm)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Rpm();
}
