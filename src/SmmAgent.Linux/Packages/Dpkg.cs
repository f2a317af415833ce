using System.Globalization;
using SmmAgent.Contract;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Packages;

/// <summary>Installs packages with dpkg, and with apt-get for their dependencies.</summary>
/// <param name="changes">Runs the commands that change packages.</param>
/// <param name="hasApt">Whether the host has apt-get.</param>
/// <param name="lockTimeout">How long apt-get waits for another package manager.</param>
internal sealed class Dpkg(CommandRunner commands, PackageCommands changes, bool hasApt, TimeSpan lockTimeout) : IPackageSystem
{
    private static readonly string[] KeepConfiguration = ["--force-confdef", "--force-confold"];

    public PackageFormat Format => PackageFormat.Deb;

    public IReadOnlyList<string> Locks { get; } = ["/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/cache/apt/archives/lock"];

    public async Task<(PackageState? State, string? Reason)> ReadAsync(string name, CancellationToken cancel)
    {
        var query = await commands.RunAsync(["dpkg-query", "-W", "-f", "${db:Status-Status} ${db:Status-Eflag} ${Version}\\n", name],
            cancel);
        if (query is { Ending: CommandEnding.Exited, ExitCode: 1 } && query.Error.Contains("no packages found", StringComparison.Ordinal))
            return (PackageState.NotInstalled, null);
        if (!query.Succeeded)
            return (null, query.Describe());

        return State(query.Output) is { } state ? (state, null) : (null, $"dpkg-query printed something other than a state of {name}");
    }

    // installed ok 1.15.3
    internal static PackageState? State(string output) => output.Split('\n')[0].Split(' ') switch
    {
        ["not-installed", ..] => PackageState.NotInstalled,
        ["config-files", ..] => PackageState.NotInstalled with { LeavesConfiguration = true },
        // Pending triggers belong to other packages.
        ["installed" or "triggers-awaited" or "triggers-pending", "ok", { Length: > 0 } version] => new(version),
        [_, _, var version] => new(version.Length > 0 ? version : null, IsComplete: false),
        _ => null,
    };

    public async Task<(ArchiveLabel? Label, CommandResult Command)> DescribeAsync(string path, CancellationToken cancel)
    {
        var show = await commands.RunAsync(["dpkg-deb", "-f", path, "Package", "Version", "Architecture"], cancel);
        return (show.Succeeded ? new(Field(show, "Package"), Field(show, "Version"), Field(show, "Architecture")) : null, show);
    }

    public async Task<(IReadOnlyList<ArchiveMember>? Members, CommandResult Command)> ListAsync(string path, CancellationToken cancel)
    {
        var list = await commands.RunAsync(["dpkg-deb", "-c", path], cancel, timeout: PackageInstaller.ReadTimeout);
        return (list.Succeeded ? list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Member).ToArray() : null, list);
    }

    public async Task<CommandResult> InstallAsync(string path, bool isInterrupted)
    {
        // dpkg continues an installation that was killed; apt-get requires a manual repair first.
        if (isInterrupted || !hasApt)
        {
            var unpack = await RunAsync("dpkg", [.. KeepConfiguration, "-i", path]);
            if (unpack.Succeeded || !hasApt)
                return unpack;
        }

        var install = await AptAsync(path);
        if (!install.Succeeded && install.Error.Contains("dpkg was interrupted", StringComparison.Ordinal))
        {
            // The interrupted installation is of another package.
            await RunAsync("dpkg", [.. KeepConfiguration, "--configure", "-a"]);
            install = await AptAsync(path);
        }

        return install;
    }

    // apt-get would also remove the packages that depend on this one. A partially installed package is removed as well.
    public Task<CommandResult> RemoveAsync(string name) => RunAsync("dpkg", ["--force-remove-reinstreq", "-P", name]);

    private Task<CommandResult> AptAsync(string path) => RunAsync("apt-get",
    [
        "-y", "-q", "-o", string.Create(CultureInfo.InvariantCulture, $"DPkg::Lock::Timeout={lockTimeout.TotalSeconds:0}"), "-o",
            "Dpkg::Use-Pty=0", "-o", "APT::Install-Recommends=false",
        .. KeepConfiguration.SelectMany(option => (string[])["-o", $"Dpkg::Options::={option}"]),
        "--allow-downgrades", "--no-remove", "install", path,
    ]);

    private Task<CommandResult> RunAsync(string program, string[] arguments) => changes.RunAsync([program, .. arguments]);

    private static string Field(CommandResult show, string name) => show.Output.Split('\n')
        .FirstOrDefault(line => line.StartsWith(name + ": ", StringComparison.Ordinal))?[(name.Length + 2)..].Trim() ?? "";

    // -rw-r--r-- root/root 4 2026-11-23 21:23 ./usr/share/x
    internal static ArchiveMember Member(string line)
    {
        var at = 0;
        for (var column = 0; column < 5; column++)
        {
            while (at < line.Length && line[at] != ' ')
                at++;
            while (at < line.Length && line[at] == ' ')
                at++;
        }

        var name = line[at..];
        var end = name.IndexOf(line[0] == 'l' ? " -> " : " link to ", StringComparison.Ordinal);
        return new(line[0], line[0] is 'l' or 'h' && end >= 0 ? name[..end] : name);
    }
}
