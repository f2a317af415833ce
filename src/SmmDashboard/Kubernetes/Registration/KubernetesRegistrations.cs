using System.Collections.Concurrent;
using k8s;
using SmmDashboard.Agents;
using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Mesh;
using SmmDashboard.Registration;
using Answer = SmmAgent.Contract.Registration;

namespace SmmDashboard.Kubernetes.Registration;

/// <summary>Finds the WorkloadEntry of a VM among those that istiod made, and explains from objects why there is none.</summary>
public sealed class KubernetesRegistrations(
    WatchedEntries entries, KubernetesMesh mesh, KubernetesApi api, TimeProvider clock, ILogger<KubernetesRegistrations> log)
    : IRegistrations
{
    private static readonly TimeSpan AccountAge = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<ServiceAccount, (bool? Exists, long At)> _accounts = [];
    private readonly ConcurrentDictionary<ServiceAccount, Lazy<Task<bool?>>> _asked = [];
    private volatile string? _cannotSee;

    public async ValueTask<Answer> FindAsync(ServedGroup group, Guid uuid, KnownAgent agent, CancellationToken cancellationToken)
    {
        var composed = mesh.Composed;
        if (!composed.Groups.TryGetValue(group.Id, out var known))
            throw new UnavailableException($"WorkloadGroup {group.Id} was removed a moment ago", Soon);

        if (!entries.IsSynced)
            throw new UnavailableException($"the WorkloadEntries are not known: {entries.Fault ?? "they have not been listed yet"}", Soon);

        var vm = new RegisteringVm(group.Id, group.Config.WorkloadGroup.Network, uuid, agent.Address);
        var candidates = entries.Candidates(vm);
        var answer = RegistrationExplainer.Explain(vm, candidates, known, composed, accountExists: true);
        return answer.Registered
            ? answer
            : RegistrationExplainer.Explain(
                vm, candidates, known, composed, await ExistsAsync(group.Id, known.ServiceAccount, cancellationToken));
    }

    /// <returns>Null when it is not known.</returns>
    private async ValueTask<bool?> ExistsAsync(GroupId group, string name, CancellationToken cancellationToken)
    {
        var account = new ServiceAccount(group.Namespace, name);
        if (_accounts.TryGetValue(account, out var known) && clock.GetElapsedTime(known.At) < AccountAge)
            return known.Exists;

        // One question for all VMs of a WorkloadGroup that ask together.
        return await _asked.GetOrAdd(account, _ => new(() => FindAccountAsync(account))).Value.WaitAsync(cancellationToken);
    }

    private async Task<bool?> FindAccountAsync(ServiceAccount account)
    {
        try
        {
            var exists = await AskAsync(account);
            _accounts[account] = (exists, clock.GetTimestamp());
            foreach (var (old, (_, at)) in _accounts)
            {
                if (clock.GetElapsedTime(at) > AccountAge)
                    _accounts.TryRemove(old, out _);
            }

            return exists;
        }
        finally
        {
            _asked.TryRemove(account, out _);
        }
    }

    private async Task<bool?> AskAsync(ServiceAccount account)
    {
        try
        {
            await api.CallAsync(
                $"get serviceaccount {account.Namespace}/{account.Name}",
                (client, cancel) => client.CoreV1.ReadNamespacedServiceAccountAsync(
                    account.Name, account.Namespace, cancellationToken: cancel),
                CancellationToken.None);
            return true;
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.NotFound)
        {
            return false;
        }
        catch (ApiException fault)
        {
            if (_cannotSee != fault.Message)
                log.CannotSeeAccount(fault.Message);
            _cannotSee = fault.Message;
            return null;
        }
    }
}

internal static partial class KubernetesRegistrationsLog
{
    [LoggerMessage(6206, LogLevel.Warning, "Cannot check whether service accounts exist: {Reason}")]
    public static partial void CannotSeeAccount(this ILogger log, string reason);
}
