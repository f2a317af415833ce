using Microsoft.Extensions.Logging;
using SmmAgent.Linux.Files;

namespace SmmAgent.Daemon.Privileged;

/// <summary>
/// Requests a privileged reconcile by creating a file that smm-agent-reconcile.path watches. The file is empty: root takes no data from the
/// daemon.
/// </summary>
/// <remarks>Work that root could not do either is requested again with a growing delay.</remarks>
/// <param name="path">The file; the answer to the request removes it.</param>
public sealed class ReconcileRequest(string path, TimeProvider time, ILogger<ReconcileRequest> log)
{
    /// <summary>
    /// The minimum time between two requests for the same work: the privileged reconcile pauses 10 s between runs and may take longer.
    /// </summary>
    public static readonly TimeSpan First = TimeSpan.FromSeconds(30);

    /// <summary>The time limit of the first answer, including the waits for network and token at boot.</summary>
    public static readonly TimeSpan FirstAnswer = TimeSpan.FromMinutes(2);

    public static readonly TimeSpan Maximum = TimeSpan.FromHours(1);

    private readonly Dictionary<string, (TimeSpan Delay, long At)> _requests = [];

    /// <param name="wanted">The work for root; empty if all is done.</param>
    /// <returns>The time until the next request; null if there is no work.</returns>
    public TimeSpan? Request(IReadOnlyList<string> wanted)
    {
        foreach (var done in _requests.Keys.Except(wanted).ToList())
            _requests.Remove(done);
        if (wanted.Count == 0)
            return null;

        var isNew = !wanted.All(_requests.ContainsKey);
        if (isNew || wanted.Any(work => Left(work) <= TimeSpan.Zero))
        {
            // Root does all work at each request, but new work must not shorten the delay of other work.
            foreach (var work in wanted)
                _requests[work] = (Delay(work), time.GetTimestamp());
            Make(wanted, isNew);
        }

        return wanted.Min(Left);
    }

    /// <summary>Whether a request is unanswered.</summary>
    public bool IsPending => File.Exists(path);

    /// <summary>Forgets all delays after their cause is over: the work is requested at once.</summary>
    public void RequestAgain() => _requests.Clear();

    /// <summary>Resets grown delays to the first one after a change that may make the next attempt succeed.</summary>
    public void ResetDelays()
    {
        foreach (var (work, request) in _requests.ToList())
            _requests[work] = request with { Delay = First };
    }

    private TimeSpan Left(string work) => _requests[work].Delay - time.GetElapsedTime(_requests[work].At);

    private TimeSpan Delay(string work) => !_requests.TryGetValue(work, out var before) ? First
        : Left(work) > TimeSpan.Zero ? before.Delay
        : before.Delay * 2 is var twice && twice < Maximum ? twice
        : Maximum;

    private void Make(IReadOnlyList<string> all, bool isNew)
    {
        var wanted = string.Join("; ", all);
        try
        {
            using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            if (isNew)
                ReconcileRequestLog.Requested(log, wanted);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            if (isNew)
                ReconcileRequestLog.NotRequested(log, wanted, FileErrors.Describe(exception));
        }
    }
}

internal static partial class ReconcileRequestLog
{
    [LoggerMessage(EventId = 5001, Level = LogLevel.Information, Message = "Requested a privileged reconcile: {Work}")]
    public static partial void Requested(ILogger logger, string work);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Warning,
        Message = "Cannot request a privileged reconcile ({Work}): {Reason}; run: sudo smm-agent reconcile")]
    public static partial void NotRequested(ILogger logger, string work, string reason);
}
