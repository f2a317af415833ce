using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Rights;

namespace SmmDashboard.Kubernetes.Checks;

/// <summary>The rights of the dashboard's account.</summary>
internal sealed class RightsChecks(AccessReviews reviews)
{
    private const int AtOnce = 8;

    /// <param name="places">Rights by the place that the line names; null for the whole cluster.</param>
    public async Task<IReadOnlyList<ClusterCheckLine>> OfAsync(
        IEnumerable<(string? Place, IReadOnlyList<Right> Rights)> places, CancellationToken cancellationToken)
    {
        var lines = new List<ClusterCheckLine>();
        foreach (var (place, rights) in places)
            lines.AddRange(await OfAsync(place, rights, cancellationToken));
        return lines.Count > 0 ? lines : [ClusterCheckLine.Skipped(null, "there is no WorkloadGroup")];
    }

    private async Task<IReadOnlyList<ClusterCheckLine>> OfAsync(
        string? place, IReadOnlyList<Right> rights, CancellationToken cancellationToken)
    {
        var lines = new List<ClusterCheckLine>();
        try
        {
            foreach (var some in rights.Chunk(AtOnce))
            {
                var answers = await Task.WhenAll(some.Select(right => reviews.MissingAsync(right, cancellationToken)));
                lines.AddRange(some.Zip(answers).Where(pair => pair.Second.Count > 0)
                    .Select(pair => ClusterCheckLine.Fail(place, pair.First.Missing(pair.Second), pair.First.Fix)));
            }
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.Forbidden)
        {
            return [ClusterCheckLine.Skipped(
                place, fault.Message,
                "run it as an administrator, or in the pod: kubectl -n smm-dashboard exec deployment/smm-dashboard -- smm-dashboard "
                    + "check --kubernetes")];
        }
        catch (ApiException fault)
        {
            return [ClusterCheckLine.Fail(place, fault.Message, "correct this, then check again")];
        }

        return lines.Count > 0 ? lines : [ClusterCheckLine.Pass(place, $"all {rights.Count} rights are granted")];
    }
}
