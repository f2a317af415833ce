using Microsoft.Extensions.Logging;

namespace SmmAgent.Daemon.Privileged;

/// <summary>Asks for root's part by making a file that smm-agent-reconcile.path waits for. It holds nothing: root takes no data from the daemon.</summary>
/// <remarks>What root could not do either is asked for again, but ever more rarely.</remarks>
/// <param name="path">The file; who answers the request removes it.</param>
public sealed class ReconcileRequest(string path, TimeProvider time, ILogger<ReconcileRequest> log)
{
    /// <summary>The least time between two requests for the same: root's part rests 10 s between two runs, and may take longer.</summary>
    public static readonly TimeSpan First = TimeSpan.FromSeconds(30);

    /// <summary>How long root's first answer is waited for, with what a boot waits for before root's part: the network, and a token.</summary>
    public static readonly TimeSpan FirstAnswer = TimeSpan.FromMinutes(2);

    public static readonly TimeSpan Maximum = TimeSpan.FromHours(1);

    private readonly Dictionary<string, (TimeSpan Delay, long At)> _asked = [];

    /// <param name="wanted">What there is for root to do; nothing when all is done.</param>
    /// <returns>When to look again whether it was done; null when nothing is wanted.</returns>
    public TimeSpan? Request(IReadOnlyList<string> wanted)
    {
        foreach (var done in _asked.Keys.Except(wanted).ToList())
            _asked.Remove(done);
        if (wanted.Count == 0)
            return null;

        var isNew = !wanted.All(_asked.ContainsKey);
        if (isNew || wanted.Any(work => Left(work) <= TimeSpan.Zero))
        {
            // Root does all of it at each request, but none of it makes another more urgent.
            foreach (var work in wanted)
                _asked[work] = (Delay(work), time.GetTimestamp());
            Make(wanted, isNew);
        }

        return wanted.Min(Left);
    }

    /// <summary>Whether root has not begun to answer a request.</summary>
    public bool IsPending => File.Exists(path);

    /// <summary>What made the tries rarer is over: what is wanted is asked for at once.</summary>
    public void RequestAgain() => _asked.Clear();

    /// <summary>Something changed that may make the next try succeed: what was made rare is due as soon as at first.</summary>
    public void ResetDelays()
    {
        foreach (var (work, asked) in _asked.ToList())
            _asked[work] = asked with { Delay = First };
    }

    private TimeSpan Left(string work) => _asked[work].Delay - time.GetElapsedTime(_asked[work].At);

    private TimeSpan Delay(string work) => !_asked.TryGetValue(work, out var before) ? First
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
                ReconcileRequestLog.Asked(log, wanted);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (isNew)
                ReconcileRequestLog.NotAsked(log, wanted, exception.Message);
        }
    }
}

internal static partial class ReconcileRequestLog
{
    [LoggerMessage(EventId = 5001, Level = LogLevel.Information, Message = "Requested a privileged reconcile: {Work}")]
    public static partial void Asked(ILogger logger, string work);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Warning, Message = "Cannot request a privileged reconcile ({Work}): {Reason}; run: sudo smm-agent reconcile")]
    public static partial void NotAsked(ILogger logger, string work, string reason);
}
