using SmmAgent.Contract;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Packages;

/// <summary>Installs packages with rpm, and with dnf, yum or zypper for their dependencies.</summary>
/// <param name="changes">Runs the commands that change packages.</param>
/// <param name="installer">The program for dependencies; null where there is none.</param>
internal sealed class Rpm(CommandRunner commands, PackageCommands changes, string? installer) : IPackageSystem
{
    private const string Version = "%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\n";

    public PackageFormat Format => PackageFormat.Rpm;

    public IReadOnlyList<string> Locks { get; } = ["/var/lib/rpm/.rpm.lock", "/usr/lib/sysimage/rpm/.rpm.lock"];

    public async Task<(PackageState? State, string? Reason)> ReadAsync(string name, CancellationToken cancel)
    {
        var query = await commands.RunAsync(["rpm", "-q", "--qf", Version, name], cancel);
        if (query is { Ending: CommandEnding.Exited, ExitCode: 1 } && query.Output.Contains("is not installed", StringComparison.Ordinal))
            return (PackageState.NotInstalled, null);
        if (!query.Succeeded)
            return (null, query.Describe());

        return State(query.Output) is { } state ? (state, null) : (null, $"rpm printed nothing about {name}");
    }

    // rpm prints a line for each installed version: an interrupted upgrade leaves the old one beside the new one.
    internal static PackageState? State(string output)
    {
        var versions = output.Split('\n',
            StringSplitOptions.RemoveEmptyEntries).Select(WithoutEpoch).Where(version => version.Length > 0).Distinct().ToList();
        return versions.Count == 0 ? null : new(versions[^1], IsComplete: versions.Count == 1);
    }

    public async Task<(ArchiveLabel? Label, CommandResult Command)> DescribeAsync(string path, CancellationToken cancel)
    {
        var show = await commands.RunAsync(["rpm", "-qp", "--nosignature", "--qf", "%{NAME}\\n%{ARCH}\\n" + Version, path], cancel);
        return (show.Succeeded && show.Output.Split('\n') is [var name, var architecture, var version, ..]
            ? new(name, WithoutEpoch(version), architecture)
            : null, show);
    }

    public async Task<(IReadOnlyList<ArchiveMember>? Members, CommandResult Command)> ListAsync(string path, CancellationToken cancel)
    {
        // The checksum was verified before; this also verifies the digests of the payload.
        var check = await commands.RunAsync(["rpm", "-K", "--nosignature", path], cancel, timeout: PackageInstaller.ReadTimeout);
        if (!check.Succeeded)
            return (null, check);

        var list = await commands.RunAsync(
            ["rpm", "-qp", "--nosignature", "--qf", "[%{FILEMODES:perms} %{FILENAMES}\\n]", path], cancel,
                timeout: PackageInstaller.ReadTimeout);
        return (list.Succeeded ? list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Member).ToArray() : null, list);
    }

    public Task<CommandResult> InstallAsync(string path, bool isInterrupted)
    {
        // With two versions installed, dnf does nothing; rpm removes the old one.
        string[] command = isInterrupted ? ["rpm", "-U", "--replacepkgs", "--oldpackage", path] : installer switch
        {
            null => ["rpm", "-U", "--oldpackage", path],
            "zypper" => ["zypper", "--non-interactive", "--no-gpg-checks", "install", "--no-recommends", "--allow-unsigned-rpm",
                "--oldpackage", path],
            "dnf" => ["dnf", "-y", "-q", "--nogpgcheck", "--setopt=install_weak_deps=False", "--setopt=exit_on_lock=True", "install", path],
            "tdnf" => ["tdnf", "-y", "-q", "--nogpgcheck", "install", path],
            var yum => [yum, "-y", "-q", "--nogpgcheck", "--setopt=exit_on_lock=True", "install", path],
        };
        return changes.RunAsync(command);
    }

    // dnf, yum and zypper would also remove the packages that require this one. Both versions that an interrupted upgrade left are removed.
    public Task<CommandResult> RemoveAsync(string name) => changes.RunAsync("rpm", "-e", "--allmatches", name);

    private static string WithoutEpoch(string version) => version.StartsWith("0:", StringComparison.Ordinal) ? version[2..] : version;

    internal static ArchiveMember Member(string line) => new(line[0], line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
}
