using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Host;
using SmmAgent.Logging;

namespace SmmAgent.Checks.Execution;

/// <summary>Runs all checks concurrently, within a fixed time.</summary>
internal static class CheckRun
{
    /// <summary>The time limit; unfinished checks are reported as such.</summary>
    public static readonly TimeSpan AtMost = TimeSpan.FromSeconds(9);

    private const int MostThreads = 32;

    /// <summary>Runs the checks of a group, or all.</summary>
    public static async Task<CheckReport> ReportAsync(
        AgentPaths paths, TimeProvider time, bool isPrivileged, CancellationToken cancel, CheckGroup? group = null)
    {
        var started = time.GetUtcNow();
        var catalogue = CheckCatalogue.Create().Where(check => group is null || check.Group == group).ToList();
        var checks = await AllAsync(catalogue, paths, time, cancel);
        return CheckReport.Create(ProgramVersion.Current, Group(paths, time), isPrivileged, started, checks);
    }

    private static GroupName? Group(AgentPaths paths, TimeProvider time) =>
        SettingsObservation.Read(paths).Settings is { Namespace: { } @namespace, Name: { } name }
            ? new(@namespace, name)
            : DaemonObservation.Read(paths, time).Status?.WorkloadGroup;

    /// <returns>One result for each check, in their order.</returns>
    private static async Task<IReadOnlyList<ReportedCheck>> AllAsync(
        IReadOnlyList<Check> checks, AgentPaths paths, TimeProvider time, CancellationToken cancel)
    {
        // Files, D-Bus and starting programs block threads; a measured latency must not include the wait for a thread.
        ThreadPool.SetMinThreads(MostThreads, MostThreads);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var context = new CheckContext(paths, time, end.Token);
        var deadline = Task.Delay(AtMost, time, end.Token);
        var reported = await Task.WhenAll(checks.Select(check => OneAsync(check, context, deadline, end.Token)));
        await end.CancelAsync();
        cancel.ThrowIfCancellationRequested();
        return reported;
    }

    private static async Task<ReportedCheck> OneAsync(Check check, CheckContext context, Task deadline, CancellationToken end)
    {
        // In a separate task, so that reading files or D-Bus does not delay the other checks.
        var lines = Task.Run(() => LinesAsync(check, context, end), CancellationToken.None);
        var isDone = await Task.WhenAny(lines, deadline) == lines;
        return ReportedCheck.Create(check.Id, check.Group, check.Title, isDone ? await lines : [Late()]);
    }

    private static async Task<IReadOnlyList<CheckLine>> LinesAsync(Check check, CheckContext context, CancellationToken end)
    {
        try
        {
            return await check.RunAsync(context, end);
        }
        catch (OperationCanceledException)
        {
            return [Late()];
        }
        catch (Exception exception)
        {
            return [CheckLine.Fail($"the check itself failed: {LogText.Cause(exception)}", "this is a bug of smm-agent: please report it")];
        }
    }

    private static CheckLine Late() => CheckLine.Fail(
        $"did not finish within {AtMost.TotalSeconds:0} s, because it got no answer", "fix the failures above, then check again");
}
