using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Packages;

/// <summary>Reads the reason for a failure from the output of an installer.</summary>
internal static class InstallerText
{
    public const string RetryHint = "no action needed: the agent retries automatically";
    private const string OfferHint = "check which package the mesh configuration offers for this host";

    // Added to the number of the signal in the exit code of a killed process.
    private const int BySignal = 128;

    // The exit code of systemd-run, which does not report the signal.
    private const int BySomeSignal = 255;

    // The messages of systemd-run.
    private static readonly string[] NoBus = ["Failed to create bus connection", "Failed to connect to bus",
        "Failed to connect to system scope bus"];

    // The first match counts, and its line is reported.
    private static readonly (PackageFailureReason Fault, string? Remediation, string[] Phrases)[] Known =
    [
        (PackageFailureReason.NoInstaller, "start the system bus (dbus), or install it by: sudo smm-agent reconcile", NoBus),
        (PackageFailureReason.DatabaseLocked, RetryHint,
        [
            "Could not get lock", "Unable to acquire the dpkg frontend lock", "frontend lock was locked", "frontend is locked",
                "database lock was locked",
            "database is locked", "can't create transaction lock", "Existing lock", "System management is locked",
        ]),
        (PackageFailureReason.DiskFull, "free space on this disk",
            ["No space left on device", "enough free space", "more space on the", "more space needed", "Disk quota exceeded"]),
        (PackageFailureReason.WrongArchitecture, OfferHint,
            ["package architecture (", "is intended for a different architecture", "does not match system", "incompatible arch"]),
        (PackageFailureReason.MissingDependency, "make its dependencies available to this host's package manager",
            ["Depends:", "nothing provides", "is needed by", " depends on ", "Unable to fetch", "unmet dependencies",
                "Failed dependencies"]),
        (PackageFailureReason.BrokenPackage, OfferHint,
        [
            "not a Debian format archive", "unexpected end of", "corrupt", "lzma error", "Could not open:", "cannot be installed",
                "not an rpm package",
            "NOT OK", "BAD",
        ]),
        (PackageFailureReason.Interrupted, "no action needed: the next reconcile completes it",
            ["exited unexpectedly", "received a segmentation fault", "dpkg was interrupted"]),
    ];

    /// <summary>Whether systemd-run did not run the command because there is no system bus.</summary>
    public static bool IsWithoutBus(CommandResult command) =>
        command is { Ending: CommandEnding.Exited, ExitCode: 1 }
            && NoBus.Any(phrase => command.Error.StartsWith(phrase, StringComparison.Ordinal));

    public static PackageFailure Failure(CommandResult command)
    {
        if (command.Ending == CommandEnding.TimedOut)
        {
            return new(PackageFailureReason.Interrupted,
                $"{command.Arguments[0]} did not end within {PackageInstaller.InstallTimeout.TotalMinutes:0} minutes and was killed",
                "no action needed: the next reconcile completes it");
        }

        if (command.Ending == CommandEnding.NotFound)
            return new(PackageFailureReason.NoInstaller, $"{command.Arguments[0]} is not installed");

        if (command.ExitCode > BySignal)
        {
            var signal = command.ExitCode == BySomeSignal ? "a signal" : $"signal {command.ExitCode - BySignal}";
            return new(PackageFailureReason.Interrupted, $"{command.Arguments[0]} was killed by {signal}",
                "no action needed: the next reconcile completes it");
        }

        var lines = (command.Error + "\n"
            + command.Output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var (fault, fix, phrases) in Known)
        {
            if (phrases.Select(phrase => Array.FindIndex(lines,
                line => line.Contains(phrase, StringComparison.Ordinal))).FirstOrDefault(at => at >= 0, -1)
                is var found and >= 0)
                return new(fault, ErrorAt(lines, found), fix);
        }

        var error = Array.FindIndex(lines, IsError);
        return new(PackageFailureReason.InstallFailed, error >= 0 ? ErrorAt(lines, error) : OneLine.From(command.Describe()));
    }

    /// <summary>Reads the reason for a failed removal, which is not retried automatically.</summary>
    public static PackageFailure RemovalFailure(CommandResult command) => Failure(command) switch
    {
        { Reason: PackageFailureReason.MissingDependency } needed =>
            needed with { Reason = PackageFailureReason.StillNeeded, Remediation = "remove that package first" },
        { Reason: PackageFailureReason.DatabaseLocked } locked =>
            locked with { Remediation = "try again when the other package manager has ended" },
        { Reason: PackageFailureReason.Interrupted } interrupted => interrupted with { Remediation = "try again" },
        { Reason: PackageFailureReason.DiskFull or PackageFailureReason.NoInstaller } other => other,
        var other => other with { Reason = PackageFailureReason.InstallFailed, Remediation = null },
    };

    private static bool IsError(string line) =>
        line.StartsWith("dpkg: error", StringComparison.Ordinal)
        || line.StartsWith("E: ", StringComparison.Ordinal)
        || line.StartsWith("error", StringComparison.OrdinalIgnoreCase);

    // A line that ends with a colon continues in the next line.
    private static string ErrorAt(string[] lines, int at) =>
        OneLine.From(lines[at].EndsWith(':') && at + 1 < lines.Length ? $"{lines[at]} {lines[at + 1]}" : lines[at]);
}
