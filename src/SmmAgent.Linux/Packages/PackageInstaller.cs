using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Interop;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Packages;

/// <summary>The result of an installation. The package database decides, not an exit code.</summary>
public abstract record InstallOutcome
{
    private InstallOutcome()
    {
    }

    /// <param name="Before">The version that was installed before; null when there was none.</param>
    public sealed record Installed(string Version, string? Before) : InstallOutcome;

    public sealed record AlreadyInstalled(string Version) : InstallOutcome;

    /// <param name="After">The state afterwards; null when it cannot be read.</param>
    public sealed record Failed(PackageFailure Failure, PackageState? After) : InstallOutcome;
}

/// <summary>Installs packages with the host's own tools.</summary>
public sealed class PackageInstaller
{
    /// <summary>The timeout of an installation. It includes the wait for other package managers.</summary>
    public static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(10);

    private const string FixHint = "fix this, then run: sudo smm-agent reconcile";

    private const int UsualMask = 0b000_010_010;

    private static readonly TimeSpan LockTimeout = TimeSpan.FromMinutes(2);

    internal static readonly TimeSpan ReadTimeout = TimeSpan.FromMinutes(2);

    // There is no terminal for questions, and the operator decides about restarts of services.
    private static readonly Dictionary<string, string> Environment = new()
    {
        ["DEBIAN_FRONTEND"] = "noninteractive",
        ["APT_LISTCHANGES_FRONTEND"] = "none",
        ["NEEDRESTART_SUSPEND"] = "1",
        ["ZYPP_LOCK_TIMEOUT"] = "120",
    };

    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    private readonly IPackageSystem _system;
    private readonly TimeSpan _lockTimeout;

    /// <param name="prefix">A prefix for each command; empty except in tests.</param>
    /// <param name="lockTimeout">How long to wait for another package manager; two minutes by default.</param>
    /// <param name="inUnit">Whether systemd runs the commands that change packages, as a unit of its own.</param>
    /// <param name="mayRunDirect">
    /// Whether this process may run the commands where there is no system bus. It must not be in a sandbox.
    /// </param>
    public PackageInstaller(
        PackageTools tools, IReadOnlyList<string>? prefix = null, TimeSpan? lockTimeout = null, bool inUnit = false,
            bool mayRunDirect = true)
    {
        var commands = new CommandRunner(Environment, prefix);
        var direct = PackageCommands.Direct(commands);
        var changes = inUnit ? PackageCommands.InUnit(Environment, InstallTimeout, mayRunDirect ? direct : null) : direct;
        _lockTimeout = lockTimeout ?? LockTimeout;
        _system = tools.Format == PackageFormat.Rpm
            ? new Rpm(commands, changes, tools.Installer)
            : new Dpkg(commands, changes, tools.Installer == "apt-get", _lockTimeout);
    }

    public PackageFormat Format => _system.Format;

    /// <returns>The state, or the reason why it cannot be read, in one line.</returns>
    public Task<(PackageState? State, string? Reason)> ReadAsync(string name, CancellationToken cancel) => _system.ReadAsync(name, cancel);

    /// <summary>Waits until no other package manager runs.</summary>
    /// <param name="tell">Receives a line about the package manager that holds a lock.</param>
    /// <returns>The failure when a package manager still runs after the timeout; null when none does.</returns>
    public async Task<PackageFailure?> UntilFreeAsync(Action<string> tell, CancellationToken cancel)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (_system.Locks.Select(path => (Path: path, Holder: LockHolder.FindForRecordLock(path)))
            .FirstOrDefault(one => one.Holder is not null)
            is { Holder: { } holder } held)
        {
            if (TimeProvider.System.GetElapsedTime(started) >= _lockTimeout)
            {
                return new(
                    PackageFailureReason.DatabaseLocked, $"{holder} has held {held.Path} for more than {_lockTimeout.TotalSeconds:0} s",
                        InstallerText.RetryHint);
            }

            tell($"waiting for {holder}, which holds {held.Path}");
            await Task.Delay(BetweenTries, TimeProvider.System, cancel);
        }

        return null;
    }

    /// <summary>
    /// Installs the package, or completes its installation. An installation that has begun is not cancelled. When it fails and leaves the
    /// package partially installed, the previous version is installed again, if the cache has it.
    /// </summary>
    public async Task<InstallOutcome> InstallAsync(VerifiedPackage verified, bool mayDowngrade, CancellationToken cancel)
    {
        // The scripts of packages create folders, which other users could not enter with a strict umask of the operator.
        _ = Libc.Umask(UsualMask);
        var package = verified.Package;
        var (before, reason) = await _system.ReadAsync(package.Name, cancel);
        if (before is null)
            return Failed(package, new(PackageFailureReason.InstallFailed, reason!), null);
        if (IsDone(before, package))
            return new InstallOutcome.AlreadyInstalled(before.Version!);
        if (!mayDowngrade && before.Version is { } there && _system.Format.CompareOffer(package.Version, there) < 0)
            return Failed(package, new(PackageFailureReason.Downgrade, $"it is older than {there}"), before);
        if (await ArchiveFaultAsync(verified, cancel) is { } fault)
            return Failed(package, fault, before);

        var install = await _system.InstallAsync(verified.Path, isInterrupted: !before.IsComplete);
        var (after, unobserved) = await _system.ReadAsync(package.Name, CancellationToken.None);
        if (after is not null && IsDone(after, package))
            return new InstallOutcome.Installed(after.Version!, before.Version);

        var failure = install.Succeeded
            ? new(PackageFailureReason.InstallFailed,
                $"{install.Arguments[0]} reported no error; {unobserved ?? "the package is not installed"}")
            : InstallerText.Failure(install);
        // The next reconcile completes an installation that was killed; its scripts may still be running.
        var isKilled = failure.Reason == PackageFailureReason.Interrupted && install.Ending == CommandEnding.Exited;
        return before is not { IsComplete: true, Version: { } old } || isKilled || after is null || after == before
            ? Failed(package, failure, after)
            : await PutBackAsync(verified, old, failure, after);
    }

    /// <summary>
    /// Removes the package with its configuration, and no other package. A package that another one depends on stays. A removal that has
    /// begun is not cancelled.
    /// </summary>
    public async Task<RemovalOutcome> RemoveAsync(string name, CancellationToken cancel)
    {
        var (before, reason) = await _system.ReadAsync(name, cancel);
        if (before is null)
            return new RemovalOutcome.Failed(new(PackageFailureReason.InstallFailed, $"{name} is not removed: {reason}"), null);
        if (before == PackageState.NotInstalled)
            return new RemovalOutcome.NotInstalled();

        var remove = await RemoveOnceFreeAsync(name, cancel);
        var (after, unobserved) = await _system.ReadAsync(name, CancellationToken.None);
        if (after == PackageState.NotInstalled)
            return before.LeavesConfiguration ? new RemovalOutcome.NotInstalled() : new RemovalOutcome.Removed(before.Version);

        var failure = remove.Succeeded
            ? new(PackageFailureReason.InstallFailed,
                $"{remove.Arguments[0]} reported no error{(unobserved is null ? "" : $"; {unobserved}")}")
            : InstallerText.RemovalFailure(remove);
        var stays = after switch
        {
            { LeavesConfiguration: true } => "; its configuration stays",
            { IsComplete: false } => "; it is partially removed",
            { Version: { } version } => $"; {version} stays installed",
            _ => "",
        };
        return new RemovalOutcome.Failed(failure with { Message = $"{name} is not removed: {failure.Message}{stays}" }, after);
    }

    // Neither dpkg nor rpm waits for another package manager.
    private async Task<CommandResult> RemoveOnceFreeAsync(string name, CancellationToken cancel)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var remove = await _system.RemoveAsync(name);
            if (remove.Succeeded || TimeProvider.System.GetElapsedTime(started) >= _lockTimeout
                || InstallerText.Failure(remove).Reason != PackageFailureReason.DatabaseLocked)
                return remove;
            await Task.Delay(BetweenTries, TimeProvider.System, cancel);
        }
    }

    /// <param name="half">The state that the failed installation left.</param>
    private async Task<InstallOutcome> PutBackAsync(VerifiedPackage verified, string old, PackageFailure failure, PackageState half)
    {
        var (path, reason) = await verified.CopyKeptAsync(old);
        if (path is null)
            return Failed(verified.Package, failure with
            {
                Remediation = failure.Remediation
                ?? FixHint
            }, half, $", and {old} cannot be restored: {reason}");

        var install = await _system.InstallAsync(path, isInterrupted: true);
        var (after, unobserved) = await _system.ReadAsync(verified.Package.Name, CancellationToken.None);
        return after is { IsComplete: true } && after.Version == old
            ? Failed(verified.Package,
                failure with { Remediation = failure.Reason == PackageFailureReason.Interrupted ? null : failure.Remediation }, after,
                isBack: true)
            : Failed(verified.Package, failure with { Remediation = failure.Remediation ?? FixHint }, after,
                $", and {old} could not be restored: "
                    + $"{(install.Succeeded ? unobserved ?? "the package is not installed" : InstallerText.Failure(install).Message)}");
    }

    private bool IsDone(PackageState state, Package package) =>
        state is { IsComplete: true, Version: { } version } && _system.Format.CompareOffer(package.Version, version) == 0;

    private async Task<PackageFailure?> ArchiveFaultAsync(VerifiedPackage verified, CancellationToken cancel)
    {
        var package = verified.Package;
        var (label, show) = await _system.DescribeAsync(verified.Path, cancel);
        if (label is null)
            return Unreadable(show);
        if (label.Name != package.Name || _system.Format.CompareOffer(package.Version, label.Version) != 0)
            return new(PackageFailureReason.WrongPackage,
                $"the archive is {OneLine.From($"{PackageNames.NameAndVersion(label.Name, label.Version)}")}",
                    "compare it with the mesh configuration");
        if (PackageChoice.DebianArchitecture(label.Architecture) != PackageChoice.DebianArchitecture(package.Architecture))
        {
            return new(PackageFailureReason.WrongArchitecture,
                $"the archive is for {OneLine.From(label.Architecture)}, not for {package.Architecture}",
                "compare it with the mesh configuration");
        }

        // apt-get would try to replace the package with one for another architecture.
        if (PackageChoice.DebianArchitecture(label.Architecture) is not "all" and var architecture
            && architecture != HostFacts.Architecture)
            return new(PackageFailureReason.WrongArchitecture,
                $"the archive is for {OneLine.From(architecture)}, and this host is {HostFacts.Architecture}");

        var (members, list) = await _system.ListAsync(verified.Path, cancel);
        return members is null ? Unreadable(list)
            : ArchiveContents.Validate(members) is { } fault ? new(PackageFailureReason.UnsafeContents, fault)
            : null;
    }

    private static PackageFailure Unreadable(CommandResult command) =>
        InstallerText.Failure(command) is { Reason: PackageFailureReason.NoInstaller } failure
        ? failure
        : new(PackageFailureReason.BrokenPackage, OneLine.From($"the archive cannot be read: {InstallerText.Failure(command).Message}"),
            "check the file that the dashboard serves");

    private static InstallOutcome.Failed Failed(Package package, PackageFailure failure, PackageState? after, string? notBack = null,
        bool isBack = false)
    {
        var stays = after switch
        {
            { IsComplete: false } => "; it is partially installed",
            { Version: { } version } => $"; {version} {(isBack ? "was restored" : "stays installed")}",
            _ when notBack is not null => "; no part of it is installed",
            _ => "",
        };
        return new(failure with { Message = $"{package.NameAndVersion()} is not installed: {failure.Message}{stays}{notBack}" }, after);
    }
}
