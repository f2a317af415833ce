using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Api;
using k8s;
using k8s.Models;

namespace SmmDashboard.Kubernetes.Tokens;

/// <summary>Has the API server make tokens of service accounts, a limited number at a time.</summary>
/// <param name="api">The cluster.</param>
/// <param name="clock">The clock.</param>
/// <param name="log">Receives the reasons why tokens cannot be created.</param>
/// <param name="perAccount">How many are made of one account; null for <see cref="PerAccount"/>.</param>
public sealed class TokenRequester(KubernetesApi api, TimeProvider clock, ILogger<TokenRequester> log, Rate? perAccount = null)
    : IDisposable
{
    /// <summary>Ten thousand VMs of a WorkloadGroup that come back together, and then twenty in a second.</summary>
    public static readonly Rate PerAccount = new(10_000, 20);

    private const int AtOnce = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    // What only an administrator can change.
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LogAgain = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _slots = new(AtOnce);
    private readonly KeyedBuckets<ServiceAccount> _log = new(new Rate(1, 1 / LogAgain.TotalSeconds), clock);
    private readonly KeyedBuckets<ServiceAccount> _rates = new(perAccount ?? PerAccount, clock);

    /// <param name="account">Whose token.</param>
    /// <param name="audience">For whom.</param>
    /// <param name="life">How long it should live; the API server may make it shorter.</param>
    /// <param name="secret">The Secret that it lives as long as; null for none.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Null when the Secret is gone, or is another one of this name.</returns>
    /// <exception cref="UnavailableException">A token cannot be created now.</exception>
    public async Task<TokenResponse?> RequestAsync(
        ServiceAccount account, string audience, TimeSpan life, V1BoundObjectReference? secret, CancellationToken cancellationToken)
    {
        if (!_rates.TryTake(account, out var retryAfter))
            throw new UnavailableException(
                $"too many tokens of the service account {account.Namespace}/{account.Name} are asked for", retryAfter);

        var request = new Authenticationv1TokenRequest
        {
            Spec = new V1TokenRequestSpec { Audiences = [audience], ExpirationSeconds = (long)life.TotalSeconds, BoundObjectRef = secret },
        };
        var call = $"create serviceaccounts/token {account.Namespace}/{account.Name}";
        using var deadline = new Deadline(Patience, clock, cancellationToken);
        try
        {
            await _slots.WaitAsync(deadline.Token);
            try
            {
                var made = (await api.CallAsync(
                    call,
                    (client, stop) => client.CoreV1.CreateNamespacedServiceAccountTokenAsync(
                        request, account.Name, account.Namespace, cancellationToken: stop),
                    deadline.Token)).Status;
                return made is { Token.Length: > 0, ExpirationTimestamp: { } expiry }
                    ? new TokenResponse(made.Token, Utc(expiry))
                    : throw ApiException.Unreadable(call, "it has no token or no expirationTimestamp");
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            throw Unavailable(account, ApiException.TimedOut(call, Patience));
        }
        catch (ApiException fault)
        when (secret is not null && fault.Fault is ApiFault.NotFound or ApiFault.Conflict && fault.Kind != "serviceaccounts")
        {
            return null;
        }
        catch (ApiException fault)
        {
            throw Unavailable(account, fault);
        }
    }

    public void Dispose() => _slots.Dispose();

    private UnavailableException Unavailable(ServiceAccount account, ApiException fault)
    {
        if (fault.Fault == ApiFault.NotFound)
        {
            return new(
                $"service account {account.Namespace}/{account.Name} does not exist: kubectl -n {account.Namespace} create "
                    + $"serviceaccount {account.Name}", Later, fault);
        }

        if (_log.TryTake(account, out _))
            log.CannotMake(account.Namespace, account.Name, fault.Message, fault.Fault == ApiFault.Forbidden ? Rule(account) : "");

        return fault.Fault is ApiFault.Forbidden or ApiFault.Refused
            ? new(
                $"the dashboard may not make a token of the service account {account.Namespace}/{account.Name}: its log "
                    + "has the reason", Later, fault)
            : new("no token can be made now: the dashboard gets none from the Kubernetes API, its log has the reason",
                fault.RetryAfter ?? Soon, fault);
    }

    private static string Rule(ServiceAccount account) =>
        $"; the Role in namespace {account.Namespace} needs {{apiGroups: [\"\"], resources: [serviceaccounts/token], resourceNames: "
            + $"[{account.Name}], verbs: [create]}}";

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time.ToUniversalTime(), DateTimeKind.Utc));
}
