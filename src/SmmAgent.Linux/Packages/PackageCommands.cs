using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Packages;

/// <summary>Runs the commands that change packages. Only its own timeout ends a command.</summary>
/// <remarks>
/// Where systemd runs, each command is a unit of its own, <c>smm-agent-package.service</c>. Maintainer scripts may do anything, so they
/// must run outside the sandbox of the privileged reconcile, and the end of a session or of smm-agent must not end them.
/// </remarks>
internal sealed class PackageCommands
{
    private const string Unit = "smm-agent-package";

    // These are files, because a pipe would break, and end the command, when smm-agent ends.
    private const string Folder = "/run/smm-agent-host";
    private const string OutputFile = $"{Folder}/package.out";
    private const string ErrorFile = $"{Folder}/package.err";
    private const int KeptCharacters = 64 * 1024;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    // The time that systemd needs after the timeout to end the command and to report that.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(90);

    private readonly CommandRunner _commands;
    private readonly TimeSpan _timeout;
    private readonly bool _isUnit;
    private readonly PackageCommands? _withoutBus;

    private PackageCommands(CommandRunner commands, TimeSpan timeout, bool isUnit, PackageCommands? withoutBus = null) =>
        (_commands, _timeout, _isUnit, _withoutBus) = (commands, timeout, isUnit, withoutBus);

    /// <summary>Runs the commands as children of this process.</summary>
    public static PackageCommands Direct(CommandRunner commands) => new(commands, PackageInstaller.InstallTimeout, isUnit: false);

    /// <summary>Has systemd run the commands as a unit.</summary>
    /// <param name="environment">Variables for the commands. They must not be secret.</param>
    /// <param name="timeout">The timeout of each command.</param>
    /// <param name="withoutBus">
    /// Runs the commands on a host without a system bus, which systemd-run needs; null where that is not allowed.
    /// </param>
    public static PackageCommands InUnit(IReadOnlyDictionary<string, string> environment, TimeSpan timeout, PackageCommands? withoutBus) =>
        new(
        new CommandRunner(prefix:
        [
            "systemd-run", "--quiet", "--wait", "--collect", $"--unit={Unit}",
                "--description=Service Mesh Manager agent: installation of a package",
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"--property=RuntimeMaxSec={timeout.TotalSeconds:0}"),
            // At a shutdown the command may complete: SIGCONT does not end it, and SIGKILL follows after the timeout.
            "--property=KillSignal=SIGCONT", "--property=KillMode=mixed", "--property=TimeoutStopSec=60", "--property=LimitCORE=0",
            $"--property=StandardOutput=file:{OutputFile}", $"--property=StandardError=file:{ErrorFile}", "--setenv=LC_ALL=C",
            .. environment.Select(variable => $"--setenv={variable.Key}={variable.Value}"), "--",
        ]),
        timeout,
        isUnit: true,
        withoutBus);

    public async Task<CommandResult> RunAsync(params IReadOnlyList<string> command)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var started = TimeProvider.System.GetTimestamp();
            if (_isUnit)
                RemoveFiles();
            var ran = await _commands.RunAsync(command, CancellationToken.None, timeout: _isUnit ? _timeout
                + Margin : _timeout, keepsEnd: true);
            if (!_isUnit || ran.Ending != CommandEnding.Exited)
                return ran;
            if (_withoutBus is not null && InstallerText.IsWithoutBus(ran))
                return await _withoutBus.RunAsync(command);
            // A command that a killed reconcile started is still running, and ends on its own.
            if (!ran.Succeeded && IsTaken(ran.Error) && TimeProvider.System.GetElapsedTime(began) < _timeout)
            {
                await Task.Delay(BetweenTries, TimeProvider.System, CancellationToken.None);
                continue;
            }

            // Ctrl+C, or the end of the bus at a shutdown, ends systemd-run, but not the unit.
            await UntilEndedAsync();
            var shown = ran with { Output = End(OutputFile), Error = ran.Error + End(ErrorFile) };
            return !ran.Succeeded && TimeProvider.System.GetElapsedTime(started) >= _timeout
                ? shown with { Ending = CommandEnding.TimedOut }
                : shown;
        }
    }

    private static void RemoveFiles()
    {
        Directory.CreateDirectory(Folder);
        File.Delete(OutputFile);
        File.Delete(ErrorFile);
    }

    private static string End(string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            return text.Length > KeptCharacters ? text[^KeptCharacters..] : text;
        }
        catch (IOException)
        {
            return ""; // no command was run
        }
    }

    private async Task UntilEndedAsync()
    {
        var systemctl = new CommandRunner();
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < _timeout
            && (await systemctl.RunAsync(["systemctl", "is-active", $"{Unit}.service"], CancellationToken.None)).Output.Trim()
                is "active" or "activating" or "deactivating")
            await Task.Delay(BetweenTries, TimeProvider.System, CancellationToken.None);
    }

    private static bool IsTaken(string error) =>
        error.Contains($"{Unit}.service", StringComparison.Ordinal)
        && (error.Contains("already loaded", StringComparison.Ordinal) || error.Contains("already exists", StringComparison.Ordinal));
}
