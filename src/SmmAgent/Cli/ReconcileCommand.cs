using System.CommandLine;
using SmmAgent.Cli.Output;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Time;
using SmmAgent.Host;
using SmmAgent.Host.Composition;
using SmmAgent.Host.Reconcile;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent reconcile</c>: applies the desired state once, prints each step, then enables and starts the daemon.</summary>
internal static class ReconcileCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "print the plan and change nothing" };
        var hostOnly = new Option<bool>("--host-only") { Description = "run the privileged reconcile only; start no unit", Hidden = true };
        var within = new Option<string?>("--confirm-within")
        {
            Description = "undo all unless confirmed in time, such as 120s",
            HelpName = "DURATION",
        };
        var output = OutputOption.Create("output format of --dry-run");
        var config = ConfigOption.Create("plan with another agent.yaml");
        within.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && ConfirmWindow.Parse(text).Reason is { } reason)
                result.AddError($"--confirm-within: {reason}");
        });
        var command = new Command("reconcile", "Apply the desired state once, then start the daemon.")
        {
            dryRun, within, output, config, hostOnly,
        };
        StructuredProgress.NeedsDryRun(command, output, dryRun);
        ConfigOption.NeedsDryRun(command, config, dryRun);
        command.SetAction((parsed, cancel) => StructuredProgress.RunAsync(
            OutputOption.Format(parsed, output), async progress => (await RunAsync(
            paths(parsed),
            new ReconcileOptions
            {
                DryRun = parsed.GetValue(dryRun),
                HostOnly = parsed.GetValue(hostOnly),
                ConfirmWithin = parsed.GetValue(within) is { } text ? ConfirmWindow.Parse(text).Value : null,
            },
            cancel,
            progress), null)));
        return command;
    }

    // The command waits for a running package manager, because a partially installed package is useless.
    internal static async Task<int> RunAsync(
        AgentPaths paths, ReconcileOptions options, CancellationToken cancel, Progress? progress = null)
    {
        using var host = HostComposition.Create(paths, progress);
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var signals = new Interruption(interrupted.Cancel, endsProcess: false);
        return await new HostReconciler(host, options).RunAsync(interrupted.Token);
    }
}
