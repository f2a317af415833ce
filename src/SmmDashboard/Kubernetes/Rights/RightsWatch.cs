using SmmDashboard.Hosting;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Status;

namespace SmmDashboard.Kubernetes.Rights;

/// <summary>
/// Reviews the dashboard's own rights at the start, when WorkloadGroups appear, and every 10 minutes. A missing right is logged once, and
/// again when it is granted.
/// </summary>
/// <param name="reviews">Of the account that the dashboard logs in with.</param>
/// <param name="needed">The rights that are needed now: they change with the WorkloadGroups.</param>
public sealed class RightsWatch(
    AccessReviews reviews, Func<IReadOnlyList<Right>> needed, TimeProvider clock, ILogger<RightsWatch> log, BackgroundFailure fault)
    : BackgroundService, IReadiness
{
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    // New WorkloadGroups need new rights, and wait no longer.
    private static readonly TimeSpan CheckForNew = TimeSpan.FromSeconds(10);

    // Limits the load on an API server that has other work.
    private const int AtOnce = 4;

    private Dictionary<Right, string?> _known = [];
    private long? _reviewedAt;

    // The rights that the current full review still has to request; null between full reviews.
    private HashSet<Right>? _left;
    private ApiFault? _lastFault;

    /// <summary>A missing right does not make a replica unready.</summary>
    public string? WaitsFor => null;

    /// <summary>One line for each missing right.</summary>
    public IEnumerable<string> Limitations => Volatile.Read(ref _known).Values.OfType<string>();

    /// <summary>Reviews all rights when a review is due, otherwise only the rights that were not reviewed before.</summary>
    public async Task ObserveAsync(CancellationToken cancellationToken)
    {
        var all = needed().Distinct().ToList();
        var isDue = _reviewedAt is not { } reviewedAt || clock.GetElapsedTime(reviewedAt) >= Interval;
        _left ??= isDue ? [.. all] : null;
        var next = all.Where(_known.ContainsKey).ToDictionary(right => right, right => _known[right]);
        try
        {
            foreach (var some in all.Where(right => _left?.Contains(right) is true || !_known.ContainsKey(right)).ToList().Chunk(AtOnce))
            {
                var answers = await Task.WhenAll(some.Select(right => reviews.MissingAsync(right, cancellationToken)));
                foreach (var (right, missing) in some.Zip(answers))
                {
                    next[right] = missing.Count == 0 ? null : $"{right.Missing(missing)}: {right.Fix}";
                    _left?.Remove(right);
                }
            }
        }
        catch (ApiException failed)
        {
            // The comparison ignores the text: a server that stops first closes the connection, and then refuses it.
            if (_lastFault != failed.Fault)
                log.CannotReview(failed.Message);
            _lastFault = failed.Fault;
            // An API server that limits its load is not asked again for what it has answered.
            Learn(next);
            return;
        }

        if (isDue)
            _reviewedAt = clock.GetTimestamp();
        (_lastFault, _left) = (null, null);
        Learn(next);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await ObserveAsync(stoppingToken);
                await Task.Delay(CheckForNew, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        catch (Exception exception)
        {
            fault.Report(nameof(RightsWatch), exception);
        }
    }

    private void Learn(Dictionary<Right, string?> next)
    {
        foreach (var (right, missing) in next)
        {
            var before = _known.GetValueOrDefault(right);
            if (missing is not null && missing != before)
                log.MissingRight(missing);
            else if (missing is null && before is not null)
                log.Granted(right.Rule);
        }

        Volatile.Write(ref _known, next);
    }
}

internal static partial class RightsLog
{
    [LoggerMessage(6401, LogLevel.Warning, "{Missing}")]
    public static partial void MissingRight(this ILogger log, string missing);

    [LoggerMessage(6402, LogLevel.Information, "Granted: {Rule}")]
    public static partial void Granted(this ILogger log, string rule);

    [LoggerMessage(6403, LogLevel.Warning, "Cannot review the dashboard's rights: {Reason}")]
    public static partial void CannotReview(this ILogger log, string reason);
}
