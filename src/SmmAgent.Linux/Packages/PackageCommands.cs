using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Packages;

/// <summary>Runs the commands that change packages. Nothing ends one but its own time-out.</summary>
/// <remarks>
/// Where systemd runs they are a unit of their own, <c>smm-agent-package.service</c>: maintainer scripts may do anything, so they need a
/// place outside of the sandbox of the privileged reconcile; and neither the end of a session nor that of smm-agent ends them.
/// </remarks>
internal sealed class PackageCommands
{
    private const string Unit = "smm-agent-package";

    // Not a pipe, whose end would end the command with smm-agent.
    private const string Folder = "/run/smm-agent-host";
    private const string OutputFile = $"{Folder}/package.out";
    private const string ErrorFile = $"{Folder}/package.err";
    private const int KeptCharacters = 64 * 1024;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    // What systemd needs beyond the command's time to end it and to say so.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(90);

    private readonly CommandRunner _commands;
    private readonly TimeSpan _timeout;
    private readonly bool _isUnit;
    private readonly PackageCommands? _withoutBus;

    private PackageCommands(CommandRunner commands, TimeSpan timeout, bool isUnit, PackageCommands? withoutBus = null) =>
        (_commands, _timeout, _isUnit, _withoutBus) = (commands, timeout, isUnit, withoutBus);

    /// <summary>Runs them as children of this process.</summary>
    public static PackageCommands Direct(CommandRunner commands) => new(commands, PackageInstaller.InstallTimeout, isUnit: false);

    /// <summary>Has systemd run them as a unit.</summary>
    /// <param name="environment">Variables that they get; they are no secrets.</param>
    /// <param name="timeout">How long each may take.</param>
    /// <param name="withoutBus">
    /// What runs them on a host without a system bus, over which systemd-run speaks; null where nothing may.
    /// </param>
    public static PackageCommands InUnit(IReadOnlyDictionary<string, string> environment, TimeSpan timeout, PackageCommands? withoutBus) =>
        new(
        new CommandRunner(prefix:
        [
            "systemd-run", "--quiet", "--wait", "--collect", $"--unit={Unit}",
                "--description=Service Mesh Manager agent: installation of a package",
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"--property=RuntimeMaxSec={timeout.TotalSeconds:0}"),
            // At a shutdown it may end its work: SIGCONT ends nothing, and what is left after the time-out is killed.
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
            // What a pass that was killed has begun goes on, and ends by itself.
            if (!ran.Succeeded && IsTaken(ran.Error) && TimeProvider.System.GetElapsedTime(began) < _timeout)
            {
                await Task.Delay(BetweenTries, TimeProvider.System, CancellationToken.None);
                continue;
            }

            // Ctrl+C, or the end of the bus at a shutdown, ends systemd-run. The unit goes on.
            await UntilEndedAsync();
            var told = ran with { Output = End(OutputFile), Error = ran.Error + End(ErrorFile) };
            return !ran.Succeeded && TimeProvider.System.GetElapsedTime(started) >= _timeout
                ? told with { Ending = CommandEnding.TimedOut }
                : told;
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
            return ""; // nothing was run
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
