using System.Net;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.DialBack;

/// <summary>
/// Asks whether an address is a pod's, where the account may list pods. It may not by default: that right shows every pod's environment.
/// </summary>
public sealed class PodLookup(KubernetesApi api, TimeProvider time)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private long _forbiddenUntil;

    /// <returns>False also where pods may not be listed.</returns>
    /// <exception cref="UnavailableException">The API server does not answer now.</exception>
    internal async ValueTask<bool> IsPodAsync(IPAddress address, CancellationToken cancellationToken)
    {
        if (time.GetUtcNow().UtcTicks < Interlocked.Read(ref _forbiddenUntil))
            return false;

        try
        {
            // Version 0 is answered from the server's cache; without a version the server would read every pod from etcd.
            var pods = await api.FindAsync(
                "list pods", $"api/v1/pods?resourceVersion=0&fieldSelector=status.podIP%3D{Uri.EscapeDataString(address.ToString())}",
                KubernetesJson.Default.PodList, cancellationToken);
            return pods?.Items.Count > 0;
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.Forbidden)
        {
            Interlocked.Exchange(ref _forbiddenUntil, (time.GetUtcNow() + AskAgain).UtcTicks);
            return false;
        }
        catch (ApiException fault)
        {
            throw new UnavailableException("whether the address is a pod's cannot be asked now", fault.RetryAfter ?? Retry, fault);
        }
    }
}
