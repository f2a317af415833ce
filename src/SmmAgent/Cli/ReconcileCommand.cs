using System.CommandLine;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Time;
using SmmAgent.Host;
using SmmAgent.Host.Reconcile;
using SmmAgent.Host.Rollback;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent reconcile</c>: one pass in the foreground, with a line for each step; then the daemon is enabled and running.</summary>
internal static class ReconcileCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "print the plan and change nothing" };
        var hostOnly = new Option<bool>("--host-only") { Description = "do root's part only, and start no unit", Hidden = true };
        var within = new Option<string?>("--confirm-within")
        {
            Description = "undo all unless confirmed in time, such as 120s",
            HelpName = "DURATION",
        };
        within.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && ConfirmWindow.Parse(text).Why is { } why)
                result.AddError($"--confirm-within: {why}");
        });
        var command = new Command("reconcile", "Do one pass over this host now, and have the daemon run.") { dryRun, within, hostOnly };
        command.SetAction((parsed, cancel) =>
        {
            var options = new ReconcileOptions
            {
                DryRun = parsed.GetValue(dryRun),
                HostOnly = parsed.GetValue(hostOnly),
                ConfirmWithin = parsed.GetValue(within) is { } text ? ConfirmWindow.Parse(text).Value : null,
            };
            return RunAsync(paths(parsed), options, Progress.OnConsole(), cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(AgentPaths paths, ReconcileOptions options, Progress progress, CancellationToken cancel)
    {
        if (!options.DryRun && !Environment.IsPrivilegedProcess)
        {
            progress.Failed("reconcile changes the host: sudo smm-agent reconcile (or with --dry-run, to see what it would do)");
            return ExitCode.NotPermitted;
        }

        var (systemd, why) = HostUnits.Open(paths.Root, TimeProvider.System);
        using (systemd)
        {
            if (Refusal(paths, options, systemd, why, progress) is { } refusal)
            {
                progress.Failed(refusal);
                return ExitCode.Failed;
            }

            return await UntilInterruptedAsync(new Reconciliation(paths, options, systemd, progress), progress, cancel);
        }
    }

    // A package manager that has begun is waited for: a half installed package helps nobody.
    private static async Task<int> UntilInterruptedAsync(Reconciliation reconciliation, Progress progress, CancellationToken cancel)
    {
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var signals = new Interruption(interrupted.Cancel, endsProcess: false);
        try
        {
            return await reconciliation.RunAsync(interrupted.Token);
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            progress.Failed("interrupted; the next pass goes on where this one ended");
            return ExitCode.Failed;
        }
    }

    /// <summary>Why nothing is begun; null when nothing speaks against it.</summary>
    private static string? Refusal(AgentPaths paths, ReconcileOptions options, IUnits? systemd, string? why, Progress progress) =>
        options.ConfirmWithin is not null && systemd is null
            ? $"--confirm-within needs systemd, whose timer undoes the change when you are cut off: {why}; nothing was changed"
        : options is { DryRun: false, HostOnly: false, ConfirmWithin: null } && systemd is not null && new HostRollback(paths, systemd, progress).IsPending
            ? "an earlier reconcile waits for its confirmation: sudo smm-agent confirm"
        : null;
}
