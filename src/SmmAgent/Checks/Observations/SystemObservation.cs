using SmmAgent.Core.Host;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Host;

namespace SmmAgent.Checks.Observations;

/// <summary>The operating system.</summary>
/// <param name="Release">os-release(5).</param>
/// <param name="Packages">The programs that install packages on this system.</param>
/// <param name="BootedWithSystemd">Whether systemd is the init process.</param>
internal sealed record SystemObservation(OsRelease Release, PackageTools Packages, bool BootedWithSystemd)
{
    public static SystemObservation Read(AgentPaths paths) => new(
        HostFacts.Release(paths.Root),
        PackageTools.Find(),
        Directory.Exists(Path.Combine(paths.Root, "run/systemd/system"))); // sd_booted(3)

    /// <summary>The command that installs a package on this system.</summary>
    public string Install(string package) => Packages.Install(package);
}
