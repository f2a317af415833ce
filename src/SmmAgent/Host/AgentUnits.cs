using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host;

/// <summary>Starts, stops, enables and disables the units of the agent for a command.</summary>
internal sealed class AgentUnits(IUnits systemd, Progress progress, TimeProvider time)
{
    public const string Daemon = "smm-agent.service";

    private const string RequestPath = "smm-agent-reconcile.path";
    private const string LogCommand = "journalctl -u smm-agent -e";

    /// <summary>The maximum time until the daemon is READY.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The maximum time to stop a unit. The privileged reconcile may run a package manager; its systemd limit is 60 s.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(70);

    /// <summary>The units that are enabled.</summary>
    private static readonly string[] AtBoot = [Daemon, RequestPath, "smm-agent-reconcile.service"];

    /// <summary>All units in the order of stopping them: a stopped unit is not started again by another one.</summary>
    private static readonly string[] All = [RequestPath, "smm-agent-reconcile-request.service", "smm-agent-reconcile.service", Daemon];

    /// <summary>The plan of <see cref="StartAsync"/> and <see cref="Enable"/> in one line; null for nothing.</summary>
    public string? StartPlan(bool enable)
    {
        var daemon = systemd.ObserveUnit(Daemon);
        var enables = enable && ToEnable().Count > 0;
        return !daemon.Exists || daemon.IsMasked || (daemon.IsActive && !enables) ? null
            : daemon.IsActive ? $"would enable {Daemon}"
            : enables ? $"would enable and start {Daemon}"
            : $"would start {Daemon}";
    }

    /// <summary>The plan of <see cref="DownAsync"/>, a line for each unit.</summary>
    public List<string> DownPlan()
    {
        List<string> lines = [];
        foreach (var name in All)
        {
            var unit = systemd.ObserveUnit(name);
            if (unit.IsUp || unit.IsEnabled)
                lines.Add($"would {(!unit.IsUp ? "disable" : unit.IsEnabled ? "stop and disable" : "stop")} {name}");
        }

        return lines;
    }

    /// <summary>
    /// The active units that a rollback starts again. The privileged reconcile is not one of them: it would repeat the change.
    /// </summary>
    public List<string> Running() => ((string[])[RequestPath, Daemon]).Where(IsUp).ToList();

    /// <summary>Enables the units at boot.</summary>
    public void Enable()
    {
        var units = ToEnable();
        if (units.Count == 0)
            return;
        systemd.Enable(units);
        progress.Done($"enabled {string.Join(", ", units)}");
    }

    /// <summary>Starts the daemon and waits until it is READY.</summary>
    /// <returns>An exit code.</returns>
    public async Task<int> StartAsync(CancellationToken cancel)
    {
        var daemon = systemd.ObserveUnit(Daemon);
        if (!daemon.Exists)
        {
            progress.Warn($"{Daemon} is not installed: install the package, or start the daemon by hand: smm-agent run");
            return ExitCode.Done;
        }

        if (daemon.IsMasked)
        {
            var option = daemon.IsMaskedAtRuntime ? "--runtime " : "";
            progress.Failed($"{Daemon} is masked, so it cannot be started: sudo systemctl unmask {option}smm-agent");
            return ExitCode.Failed;
        }

        if (systemd.ObserveUnit(RequestPath) is { Exists: true, IsUp: false }
            && await RunAsync(UnitJob.Start, RequestPath, cancel) is { IsDone: false } failed)
        {
            progress.Warn($"{failed}: systemctl status {RequestPath}");
        }

        if (daemon.IsActive)
        {
            progress.Done($"{Daemon} is already running");
            return ExitCode.Done;
        }

        var starting = RunAsync(UnitJob.Start, Daemon, cancel);
        await progress.WhileAsync($"waiting until {Daemon} is ready", starting, time);
        var start = await starting;
        if (start.IsDone)
            progress.Done($"{start} and ready");
        else
            progress.Failed($"{start}: {LogCommand}");
        return start.IsDone ? ExitCode.Done : start.IsWaiting ? ExitCode.Timeout : ExitCode.Failed;
    }

    /// <summary>Starts units that <see cref="StopAsync"/> stopped.</summary>
    public async Task StartAgainAsync(IReadOnlyList<string> units, CancellationToken cancel)
    {
        foreach (var unit in units)
        {
            var start = await RunAsync(UnitJob.Start, unit, cancel);
            if (start.IsDone)
                progress.Done($"started {unit} again");
            else
                progress.Failed($"{start}: systemctl status {unit}");
        }
    }

    /// <summary>Stops all units and prints each.</summary>
    /// <returns>Whether all are down.</returns>
    public async Task<bool> StopAsync(CancellationToken cancel)
    {
        var areDown = true;
        foreach (var unit in UnitsThat(IsUp))
        {
            var stopping = RunAsync(UnitJob.Stop, unit, cancel);
            await progress.WhileAsync($"stopping {unit}", stopping, time);
            var stop = await stopping;
            if (stop.IsDone)
                progress.Done($"stopped {unit}");
            else
                progress.Failed($"{stop}: systemctl status {unit}");
            areDown &= stop.IsDone;
        }

        return areDown;
    }

    /// <summary>Stops and disables all units and prints each.</summary>
    /// <returns>Whether all are down.</returns>
    public async Task<bool> DownAsync(CancellationToken cancel)
    {
        var areDown = await StopAsync(cancel);
        var enabled = UnitsThat(unit => systemd.ObserveUnit(unit).IsEnabled);
        if (enabled.Count > 0)
            systemd.Disable(enabled);
        foreach (var unit in enabled)
            progress.Done($"disabled {unit}");
        return areDown;
    }

    private Task<JobOutcome> RunAsync(UnitJob job, string unit, CancellationToken cancel) =>
        systemd.RunAsync(job, unit, job == UnitJob.Stop ? StopPatience : Patience, cancel);

    private bool IsUp(string unit) => systemd.ObserveUnit(unit).IsUp;

    private List<string> ToEnable() => AtBoot.Where(unit => systemd.ObserveUnit(unit).CanBeEnabled).ToList();

    private static List<string> UnitsThat(Func<string, bool> condition) => All.Where(condition).ToList();
}
