using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Firewall;

/// <summary>One family's iptables: shows its filter table, and rewrites what is the agent's in one transaction.</summary>
/// <param name="procNet">The <c>/proc/net</c> of the commands' network namespace.</param>
public sealed class Iptables(CommandRunner runner, FilterTool tool, string procNet = "/proc/self/net")
{
    private const string Filter = "filter";

    private static readonly string[] OtherTables = ["nat", "mangle", "raw", "security"];

    private readonly NftFilter _native = new(runner, tool);

    /// <summary>The lock that every legacy iptables on the host takes.</summary>
    private const string XtablesLock = "/run/xtables.lock";

    /// <summary>The exit code of iptables when a resource is not available: the lock, or the permission to use the table.</summary>
    private const int ResourceProblem = 4;

    private volatile bool _restoreKnowsWait = true;

    public FilterTool Tool => tool;

    /// <param name="makesNoTable">
    /// Whether a filter table of the legacy backend that does not exist is not read: reading it makes the kernel create it.
    /// </param>
    public async Task<ObservedFilter> ObserveAsync(CancellationToken cancel, bool makesNoTable = false)
    {
        if (makesNoTable && Backend.Detect(tool) == Backend.Legacy && !LegacyTables.Existing(tool.Family, procNet).Contains(Filter))
            return new(tool, Observation<FilterState>.Known(FilterState.Present(FilterTable.Empty))) { Others = await LegacyAsync(cancel) };

        var (tables, result) = await SaveAsync(Backend.Detect(tool) == Backend.Nft ? null : Filter, cancel);
        if (result.Ending == CommandEnding.NotFound)
            return new(tool, Observation<FilterState>.Known(FilterState.Absent(FilterPresence.CommandMissing)));
        if (!result.Succeeded)
            return new(tool, Observation<FilterState>.Unknown(DescribeWithRemediation(result)), IsForPermission(result));
        if (tables is not { } saved)
            return new(tool, Observation<FilterState>.Unknown($"{tool.Save} printed unexpected output"));

        return new(tool, await StateAsync(saved, cancel))
        {
            Others = Backend.Detect(tool) == Backend.Nft ? Others(saved) : await LegacyAsync(cancel),
            Hidden = saved.Hidden,
        };
    }

    // Without -t the nft backend shows the existing tables. With -t, and in the legacy backend, reading a table creates it.
    private async Task<(SavedTables? Tables, CommandResult Result)> SaveAsync(string? table, CancellationToken cancel)
    {
        var reader = new SavedTablesReader();
        var result = await runner.RunAsync(table is null ? [tool.Save] : [tool.Save, "-t", table], cancel, read: reader.Read);
        return (result.Ending == CommandEnding.Exited ? reader.End() : SavedTables.Parse(""), result);
    }

    private async Task<Observation<FilterState>> StateAsync(SavedTables saved, CancellationToken cancel)
    {
        if (saved.Hidden.Contains(Filter) || (saved.Partial.Contains(Filter) && await _native.HasForeignInputAsync(cancel)))
            return await _native.ObserveAsync(cancel);

        return saved.Table(Filter) is { } table
            ? Observation<FilterState>.Known(FilterState.Present(table))
            : Observation<FilterState>.Unknown($"{tool.Save} printed unexpected output");
    }

    private static Dictionary<string, FilterTable> Others(SavedTables saved) =>
        OtherTables.Where(saved.Tables.ContainsKey).Select(name => (name, Table: saved.Table(name)))
            .Where(one => one.Table is not null)
            .ToDictionary(one => one.name, one => one.Table!);

    private async Task<Dictionary<string, FilterTable>> LegacyAsync(CancellationToken cancel)
    {
        var found = new Dictionary<string, FilterTable>();
        foreach (var name in OtherTables.Intersect(LegacyTables.Existing(tool.Family, procNet)))
        {
            if ((await SaveAsync(name, cancel)).Tables?.Table(name) is { } table)
                found[name] = table;
        }

        return found;
    }

    /// <summary>Applies the step completely or not at all.</summary>
    public Task<StepResult> ApplyAsync(PlanStep step, CancellationToken cancel) => step switch
    {
        RewriteChain { IsNative: true } or RemoveChain { IsNative: true } => _native.ApplyAsync(step, cancel),
        RewriteChain rewrite => RestoreAsync(step, ChainScript.Rewrite(rewrite.Rules, rewrite.Jumps, rewrite.KeepsJump), cancel),
        RemoveChain remove => RestoreAsync(step, ChainScript.Remove(remove.References, remove.ChainExists), cancel),
        _ => throw new ArgumentException($"no step for {tool}: {step}", nameof(step)),
    };

    private async Task<StepResult> RestoreAsync(PlanStep step, string script, CancellationToken cancel)
    {
        var result = await RestoreAsync(script, cancel);
        if (result is { Ending: CommandEnding.Exited, ExitCode: 1 or 2 } && _restoreKnowsWait && await IsBeforeWaitAsync(cancel))
        {
            _restoreKnowsWait = false;
            result = await RestoreAsync(script, cancel);
        }

        if (result.Succeeded)
            return new(step, StepOutcome.Done);
        if (IsForPermission(result))
            return new(step, StepOutcome.NotPermitted, DescribeWithRemediation(result));

        return result is { Ending: CommandEnding.Exited, ExitCode: ResourceProblem }
            ? new(
                step,
                StepOutcome.LockHeld,
                $"{XtablesLock} is held by another program; the agent will retry (find the program with: fuser -v {XtablesLock})")
            : new(step, StepOutcome.Failed, result.Describe());
    }

    private Task<CommandResult> RestoreAsync(string script, CancellationToken cancel)
    {
        IReadOnlyList<string> wait = _restoreKnowsWait ? ["-w", "5"] : [];
        return runner.RunAsync([tool.Restore, .. wait, "--noflush"], cancel, script);
    }

    // iptables-restore learned -w with 1.6.2.
    private async Task<bool> IsBeforeWaitAsync(CancellationToken cancel)
    {
        var result = await runner.RunAsync([tool.Command, "--version"], cancel);
        return result.Output.Split(' ').ElementAtOrDefault(1)?.Trim().TrimStart('v') is { } text
            && Version.TryParse(text, out var version) && version < new Version(1, 6, 2);
    }

    private bool IsForPermission(CommandResult result) =>
        result.Ending == CommandEnding.Exited && result.ExitCode != 0
        && (!Capabilities.HaveNetAdmin() || (Backend.Detect(tool) == Backend.Legacy && !CanOpenLockFile()));

    private string DescribeWithRemediation(CommandResult result)
    {
        if (!IsForPermission(result))
            return result.Describe();

        return Capabilities.HaveNetAdmin()
            ? $"{tool.Command} may not open {XtablesLock}; run: chgrp smm-agent {XtablesLock} && chmod g+r {XtablesLock}"
            : $"{tool.Command} needs CAP_NET_ADMIN and CAP_NET_RAW, which smm-agent.service gives; as a command, run it with sudo";
    }

    // The check does not open the file: programs that watch it would take that for a change of the rules.
    private static bool CanOpenLockFile() =>
        File.Exists(XtablesLock) ? Libc.Access(XtablesLock, Libc.MayRead) == 0
        : Libc.Access(Path.GetDirectoryName(XtablesLock)!, Libc.MayWrite) == 0;
}
