using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Systemd;

/// <summary>systemd through its commands, for hosts without D-Bus.</summary>
/// <param name="commands">With <see cref="Environment"/>.</param>
internal sealed class Systemctl(CommandRunner commands, TimeProvider time) : IUnits
{
    /// <summary>The variables with which times are printed as <see cref="SystemctlText"/> reads them: in UTC.</summary>
    public static readonly IReadOnlyDictionary<string, string> Environment = new Dictionary<string, string> { ["TZ"] = "UTC" };

    // The exit code is about the state, so only the output counts.
    public bool IsStopping => Run(["systemctl", "is-system-running"]).Output.Trim() == "stopping";

    public UnitState ObserveUnit(string unit) => SystemctlText.ParseUnit(unit, Show(unit, SystemctlText.UnitProperties));

    public ServiceState ObserveService(string service) =>
        SystemctlText.ParseService(service, Show(service, SystemctlText.ServiceProperties));

    public void Reload() => Do(["systemctl", "daemon-reload"]);

    public void Enable(IEnumerable<string> units) => Do(["systemctl", "enable", "--quiet", "--", .. units]);

    public void Disable(IEnumerable<string> units) => Do(["systemctl", "disable", "--quiet", "--", .. units]);

    public void Queue(UnitJob job, string unit) => Do(["systemctl", SystemctlText.Verb(job), "--no-block", "--", unit]);

    public async Task<JobOutcome> RunAsync(UnitJob job, string unit, TimeSpan atMost, CancellationToken cancel)
    {
        // The job goes on when systemctl is killed.
        var ran = await commands.RunAsync(["systemctl", SystemctlText.Verb(job), "--", unit], cancel, timeout: atMost);
        var (result, refusal) = ran.Ending == CommandEnding.TimedOut ? (JobOutcome.Waiting, null)
            : ran.Succeeded ? (JobOutcome.Done, null)
            : SystemctlText.ParseJobEnd(job, unit, ran.Error) ?? throw Failed(ran);
        var state = unit.EndsWith(".service", StringComparison.Ordinal) ? ObserveService(unit) : ObserveUnit(unit);
        return new(job, result, state, atMost, refusal);
    }

    public Task StartTimerAsync(string name, string description, TimeSpan after, IReadOnlyList<string> command, CancellationToken cancel)
    {
        var service = $"{name}.service";
        if (ObserveUnit(service).Active == "failed")
            Do(["systemctl", "reset-failed", "--", service]);
        // By default a timer may be a minute late.
        IReadOnlyList<string> start =
        [
            "systemd-run", "--quiet", $"--unit={name}", $"--description={description}", $"--on-active={(long)after.TotalMilliseconds}ms",
            "--timer-property=AccuracySec=100ms", "--property=Type=oneshot", "--", .. command,
        ];
        return TransientUnitName.RetryUntilFreeAsync(
            () =>
            {
                Do(start);
                return Task.CompletedTask;
            },
            IsTaken,
            time,
            cancel);
    }

    public void Dispose()
    {
    }

    private static bool IsTaken(IOException exception) =>
        exception.Message.Contains("already loaded", StringComparison.Ordinal)
        || exception.Message.Contains("already exists", StringComparison.Ordinal);

    private string Show(string unit, string properties) => Do(["systemctl", "show", $"--property={properties}", "--", unit]);

    private string Do(IReadOnlyList<string> arguments)
    {
        var ran = Run(arguments);
        return ran.Succeeded ? ran.Output : throw Failed(ran);
    }

    private CommandResult Run(IReadOnlyList<string> arguments) =>
        commands.RunAsync(arguments, CancellationToken.None).GetAwaiter().GetResult();

    private static IOException Failed(CommandResult ran) => new($"systemd fails: {ran.Describe()}");
}
