using k8s;
using k8s.Models;
using SmmDashboard.Kubernetes.Api;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>
/// A Lease of coordination.k8s.io, held by one replica at a time. It follows client-go's leader election: held for 15 s, renewed every 2 s,
/// given up by its holder after 10 s without a renewal and when it stops. The clocks of other replicas do not matter: only changes of the
/// object count.
/// </summary>
internal sealed class Lease(KubernetesApi api, string space, string name, string replica, MachineSeams seams)
{
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);
    public static readonly TimeSpan RenewDeadline = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(2);

    private const string Kind = "leases.coordination.k8s.io";

    private long _observedAt;
    private (string? Holder, DateTime? Renewed, string? Version) _observed;
    private long _renewedAt;
    private volatile bool _isHolder;
    private volatile string? _fault;

    /// <summary>Whether this replica may act as the only one.</summary>
    public bool IsHeld => _isHolder && seams.Time.GetElapsedTime(Interlocked.Read(ref _renewedAt)) < RenewDeadline;

    /// <summary>The reason why the Lease can be neither read nor written; null while it can.</summary>
    public string? Fault => _fault;

    /// <summary>Takes part until it is cancelled, and gives the Lease up then.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var wasHeld = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            await TryAsync(cancellationToken);
            if (IsHeld != wasHeld)
            {
                wasHeld = IsHeld;
                Publish(wasHeld);
            }

            await Task.Delay(Pause(), seams.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (IsHeld)
            await ReleaseAsync();
    }

    private async Task TryAsync(CancellationToken cancellationToken)
    {
        var asked = seams.Time.GetTimestamp();
        try
        {
            _isHolder = await TakeAsync(cancellationToken);
            if (_isHolder)
                Interlocked.Exchange(ref _renewedAt, asked);
            _fault = null;
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.Conflict)
        {
            // Another replica was faster.
            _isHolder = false;
        }
        catch (ApiException fault)
        {
            // A holder stays one until its deadline.
            if (_fault != fault.Message)
                seams.Log.NotSwept(fault.Message);
            _fault = fault.Message;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private async Task<bool> TakeAsync(CancellationToken cancellationToken)
    {
        var now = seams.Time.GetUtcNow().UtcDateTime;
        if (await FindAsync(cancellationToken) is not { } lease)
        {
            await CreateAsync(now, cancellationToken);
            return true;
        }

        var spec = lease.Spec ??= new V1LeaseSpec();
        var observed = (spec.HolderIdentity, spec.RenewTime, lease.Metadata.ResourceVersion);
        if (observed != _observed)
            (_observed, _observedAt) = (observed, seams.Time.GetTimestamp());
        var isOurs = spec.HolderIdentity == replica;
        var duration = TimeSpan.FromSeconds(spec.LeaseDurationSeconds ?? 0);
        if (!isOurs && !string.IsNullOrEmpty(spec.HolderIdentity) && seams.Time.GetElapsedTime(_observedAt) < duration)
            return false;

        if (!isOurs)
        {
            spec.AcquireTime = now;
            spec.LeaseTransitions = (spec.LeaseTransitions ?? 0) + 1;
        }

        (spec.HolderIdentity, spec.RenewTime, spec.LeaseDurationSeconds) = (replica, now, (int)Duration.TotalSeconds);
        await ReplaceAsync(lease, cancellationToken);
        return true;
    }

    private async Task ReleaseAsync()
    {
        using var deadline = new CancellationTokenSource(RetryPeriod, seams.Time);
        try
        {
            if (await FindAsync(deadline.Token) is { Spec: { } spec } lease && spec.HolderIdentity == replica)
            {
                (spec.HolderIdentity, spec.LeaseDurationSeconds, spec.RenewTime) = ("", 1, seams.Time.GetUtcNow().UtcDateTime);
                await ReplaceAsync(lease, deadline.Token);
            }
        }
        catch (Exception fault) when (fault is ApiException or OperationCanceledException)
        {
            // The Lease expires automatically.
        }

        _isHolder = false;
        Publish(isHeld: false);
    }

    private async Task<V1Lease?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await api.CallAsync(
                $"get {Kind} {name} in namespace {space}",
                (client, stop) => client.CoordinationV1.ReadNamespacedLeaseAsync(name, space, cancellationToken: stop),
                cancellationToken);
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.NotFound)
        {
            return null;
        }
    }

    private Task<V1Lease> CreateAsync(DateTime now, CancellationToken cancellationToken) => api.CallAsync(
        $"create {Kind} in namespace {space}",
        (client, stop) => client.CoordinationV1.CreateNamespacedLeaseAsync(
            new V1Lease
            {
                Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = space },
                Spec = new V1LeaseSpec
                {
                    HolderIdentity = replica,
                    LeaseDurationSeconds = (int)Duration.TotalSeconds,
                    AcquireTime = now,
                    RenewTime = now,
                    LeaseTransitions = 0,
                },
            },
            space, cancellationToken: stop),
        cancellationToken);

    private Task<V1Lease> ReplaceAsync(V1Lease lease, CancellationToken cancellationToken) => api.CallAsync(
        $"update {Kind} {name} in namespace {space}",
        (client, stop) => client.CoordinationV1.ReplaceNamespacedLeaseAsync(lease, name, space, cancellationToken: stop),
        cancellationToken);

    // Candidates do not call the server together.
    private TimeSpan Pause()
    {
        if (_isHolder)
            return RetryPeriod;
        lock (seams.Random)
            return RetryPeriod * (1 + seams.Random.NextDouble());
    }

    private void Publish(bool isHeld)
    {
        if (isHeld)
            seams.Log.Leads(name);
        else
            seams.Log.NoLongerLeads(name);
    }
}
