using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Settings;
using SmmAgent.Logging;

namespace SmmAgent.Checks.Running;

/// <summary>Runs all checks at once, within a time that holds.</summary>
internal static class CheckRun
{
    /// <summary>What is not done by then is told as such.</summary>
    public static readonly TimeSpan AtMost = TimeSpan.FromSeconds(9);

    private const int MostThreads = 32;

    /// <returns>One for each check, in their order.</returns>
    public static async Task<IReadOnlyList<ReportedCheck>> AllAsync(
        IReadOnlyList<Check> checks, AgentPaths paths, TimeProvider time, CancellationToken cancel)
    {
        // Files, D-Bus and the start of programs hold threads; a latency is not to count the wait for one.
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
        // In a task of its own: a look at files or D-Bus must not hold up the others.
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
        $"was not done within {AtMost.TotalSeconds:0} s: what it waits for does not answer", "cure the failures above, then check again");
}
