using System.Collections.Concurrent;
using SmmAgent.Linux.DBus;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Systemd;

/// <summary>Jobs of systemd, and the signal that says how each ended.</summary>
/// <remarks>
/// With Restart= a new job follows one that failed, so the end of the job is waited for, and not a state of the unit. Only one job at a
/// time is waited for.
/// </remarks>
internal sealed class SystemdJobs(SystemdBus systemd)
{
    /// <summary>Replaces the job that is queued for the unit.</summary>
    private const string Replace = "replace";

    /// <summary>The ends of jobs, as systemd calls them, by the path of the job.</summary>
    private readonly ConcurrentDictionary<string, TaskCompletionSource<string>> _ends = [];

    private volatile bool _isWaiting;
    private bool _isSubscribed;

    /// <returns>The path of the job.</returns>
    public Task<string> QueueAsync(UnitJob job, string unit, CancellationToken cancel) =>
        systemd.CreateAsync(SystemdBus.Method($"{job}Unit").With(unit, Replace), cancel);

    /// <returns>
    /// The end as systemd calls it, or <see cref="JobOutcome.Waiting"/>; and the message of systemd where it made no job.
    /// </returns>
    public async Task<(string Result, string? Refusal)> RunAsync(UnitJob job, string unit, TimeSpan atMost, CancellationToken cancel)
    {
        try
        {
            return (await RunAsync(() => QueueAsync(job, unit, cancel), atMost, cancel), null);
        }
        catch (DBusException exception) when (exception.Name.StartsWith($"{SystemdBus.BusName}.", StringComparison.Ordinal))
        {
            return (JobOutcome.Refused, exception.Message);
        }
    }

    /// <param name="ask">Asks for the job and returns its path.</param>
    /// <returns>The end as systemd calls it, or <see cref="JobOutcome.Waiting"/>.</returns>
    public async Task<string> RunAsync(Func<Task<string>> ask, TimeSpan atMost, CancellationToken cancel)
    {
        await SubscribeAsync(cancel);
        // The job may end before the reply is read.
        _isWaiting = true;
        try
        {
            return await EndAsync(await ask(), atMost, cancel);
        }
        finally
        {
            _isWaiting = false;
            _ends.Clear();
        }
    }

    private async Task<string> EndAsync(string job, TimeSpan atMost, CancellationToken cancel)
    {
        var end = End(job).Task;
        var disconnected = systemd.Connection.DisconnectedAsync();
        try
        {
            await Task.WhenAny(end, disconnected).WaitAsync(atMost, cancel);
        }
        catch (TimeoutException)
        {
            return JobOutcome.Waiting;
        }

        return end.IsCompleted ? await end : throw await disconnected;
    }

    // systemd sends no signal while it has no subscriber.
    private async Task SubscribeAsync(CancellationToken cancel)
    {
        if (_isSubscribed)
            return;
        await systemd.Connection.SubscribeAsync(SystemdBus.Signal("JobRemoved"), "uoss", Read, Note, cancel);
        await systemd.ChangeAsync(SystemdBus.Method("Subscribe"), cancel);
        _isSubscribed = true;
    }

    private static (string Job, string Result) Read(ref Reader signal)
    {
        signal.ReadUInt32();
        var job = signal.ReadObjectPathAsString();
        signal.ReadString();
        return (job, signal.ReadString());
    }

    private void Note((string Job, string Result) end)
    {
        if (_isWaiting)
            End(end.Job).TrySetResult(end.Result);
    }

    private TaskCompletionSource<string> End(string job) =>
        _ends.GetOrAdd(job, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
