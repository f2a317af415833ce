using System.CommandLine;
using SmmAgent.Contract;
using SmmAgent.Core.Firewall;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.State;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent reconcile</c>: one pass in the foreground, with a line for each step.</summary>
internal static class ReconcileCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "print the plan and change nothing" };
        var command = new Command("reconcile", "Do one pass over this host now, and show each step.") { dryRun };
        command.SetAction((parsed, cancel) => RunAsync(paths(parsed), parsed.GetValue(dryRun), Progress.OnConsole(), cancel));
        return command;
    }

    private static async Task<int> RunAsync(AgentPaths paths, bool dryRun, Progress progress, CancellationToken cancel)
    {
        if (!dryRun && !Environment.IsPrivilegedProcess)
        {
            progress.Failed("reconcile changes the host: run it as root, or with --dry-run to see what it would do");
            return ExitCode.NotPermitted;
        }

        if (!dryRun)
            progress.Done("reconciling host operating system");
        if (ReadSettings(paths, progress) is not { } settings)
            return ExitCode.Usage;
        var (config, refused) = await MeshConfigAsync(paths, settings, save: !dryRun, progress, cancel);
        var desired = DesiredFirewall.From(settings, config);
        var pass = HostFirewallPass.Create(paths, TimeProvider.System);
        if (dryRun || settings.FirewallMode == PartMode.Check)
        {
            var look = await pass.LookAsync(desired, cancel);
            var unseen = look.Observed.Filters.Where(filter => filter.State.WhyUnknown is not null).ToList();
            foreach (var filter in unseen)
                progress.Warn($"{filter.Tool} cannot be seen: {filter.State.WhyUnknown}");
            if (unseen.Count > 0 && unseen.Count == look.Observed.Filters.Count)
                return Environment.IsPrivilegedProcess ? ExitCode.Failed : ExitCode.NotPermitted;

            Show(settings.FirewallMode == PartMode.Off ? Plan.Nothing : look.Remaining, progress);
            return refused ? ExitCode.Refused : ExitCode.Done;
        }

        var failed = settings.FirewallMode == PartMode.Manage && !Show(await pass.ApplyAsync(desired, cancel), progress);
        if (!failed)
            progress.Done("reconciled host operating system");
        return failed ? ExitCode.Failed : refused ? ExitCode.Refused : ExitCode.Done;
    }

    private static AgentSettings? ReadSettings(AgentPaths paths, Progress progress)
    {
        if (AtomicFile.ReadLimited(paths.Settings, SettingsReader.MaximumBytes) is not { } bytes)
        {
            progress.Failed($"{paths.Settings} does not exist yet: it names the dashboard and the WorkloadGroup");
            return null;
        }

        var reading = SettingsReader.Read(bytes);
        foreach (var warning in reading.Warnings)
            progress.Warn($"{paths.Settings}: {warning}");
        foreach (var fault in reading.Faults)
            progress.Failed($"{paths.Settings}: {fault}");
        if (reading.Settings is not null)
            progress.Done($"configuration loaded config={paths.Settings}");
        return reading.Settings;
    }

    // Root takes no data from the daemon: it asks the dashboard itself, and has its own last good configuration.
    private static async Task<(MeshConfig? Config, bool Refused)> MeshConfigAsync(
        AgentPaths paths, AgentSettings settings, bool save, Progress progress, CancellationToken cancel)
    {
        if (DashboardTarget.From(settings) is not { } target)
        {
            progress.Warn("no dashboard or no WorkloadGroup is set yet: only the agent's own ports are kept open");
            return (null, false);
        }

        var lastGood = new LastGoodMeshConfig(paths.HostLastGoodMeshConfig);
        using var client = new DashboardClient(
            target, settings.CaFile, new BearerTokenFile(paths.BearerToken), AgentCommandLine.Version, TimeProvider.System);
        var answer = await client.GetMeshConfigAsync(null, TimeSpan.Zero, cancel);
        if (answer.Value is MeshConfigAnswer.Changed { Good: var good })
        {
            progress.Done($"mesh configuration fetched workloadGroup={target.Group} revision={good.Config.Mesh.IstioRevision}");
            if (save)
                Save(lastGood, paths, new(good.Config, good.Body, good.ETag, target, TimeProvider.System.GetUtcNow()), progress);
            return (good.Config, false);
        }

        var (reason, message) = answer.Failure is { } failure
            ? FailureText.Of(failure, target)
            : ("NoAnswer", "the dashboard sent no mesh configuration");
        var earlier = lastGood.Load().Good is { } kept && kept.From == target ? kept : null;
        progress.Warn(earlier is null ? $"{reason}: {message}" : $"{reason}: {message}; using the last good configuration of {earlier.ReceivedAt:u}");
        return (earlier?.Config, answer.Failure is DashboardFailure.Refused);
    }

    private static void Save(LastGoodMeshConfig file, AgentPaths paths, GoodMeshConfig good, Progress progress)
    {
        Directory.CreateDirectory(paths.HostStateDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (file.Save(good) is { } fault)
            progress.Warn(fault);
    }

    private static void Show(Plan plan, Progress progress)
    {
        foreach (var step in plan.Steps)
            progress.Would($"{step}");
        if (plan.IsEmpty)
            progress.Done("nothing to do");
    }

    private static bool Show(FirewallReport report, Progress progress)
    {
        foreach (var result in report.Results)
        {
            if (result.Ending == StepEnding.Done)
                progress.Done($"{result.Step}");
            else
                progress.Failed($"{result.Step}: {result.Why}");
        }

        if (report.Blocked is { } why)
            progress.Failed(why);
        else if (report.Results.Count == 0)
            progress.Done("no changes were needed on the host operating system");
        return report.Blocked is null && report.Results.All(result => result.Ending == StepEnding.Done);
    }
}
