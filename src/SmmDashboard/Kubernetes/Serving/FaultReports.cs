using System.Security.Cryptography;
using System.Text;
using k8s;
using k8s.Models;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Mesh;
using SmmDashboard.Lifetime;

namespace SmmDashboard.Kubernetes.Serving;

/// <summary>Reports what is wrong with objects: one log line, and one Event on the object, for each text.</summary>
/// <remarks>
/// The name of an Event is made of its text, so that the second replica's is refused as a duplicate. The API server removes Events after an hour,
/// so those of faults that last are made again.
/// </remarks>
public sealed class FaultReports(
    KubernetesApi api, ClusterWatch cluster, KubernetesOptions options, TimeProvider clock, ILogger<FaultReports> log, ProcessFault fault) : BackgroundService
{
    private const string Controller = "smm-agent.io/smm-dashboard";

    // The API server's limit of a note is 1,024 bytes.
    private const int LongestNote = 1000;

    // Ten thousand broken objects are no reason for ten thousand Events at once.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MakeAgain = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(10);

    private readonly Dictionary<ObjectFault, DateTimeOffset> _made = [];
    private readonly SemaphoreSlim _wake = new(0, 1);
    private volatile IReadOnlyCollection<ObjectFault> _faults = [];
    private HashSet<ObjectFault> _logged = [];
    private string? _cannot;

    /// <summary>What is wrong now.</summary>
    public void Publish(IReadOnlyCollection<ObjectFault> faults)
    {
        foreach (var one in faults.Where(one => !_logged.Contains(one)))
            log.Faulty(one.Source.ToString(), one.Reason, one.Message);
        foreach (var over in _logged.Where(over => !faults.Any(one => one.Source == over.Source)).Select(over => over.Source).Distinct())
            log.Corrected(over.ToString());
        _logged = [.. faults];
        _faults = faults;
        if (_wake.CurrentCount == 0)
            _wake.Release();
    }

    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var wait = MakeAgain;
            while (true)
            {
                await WakeAsync(wait, stoppingToken);
                wait = await MakeAsync(_faults, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        catch (Exception exception)
        {
            fault.Report(nameof(FaultReports), exception);
        }
    }

    private async Task WakeAsync(TimeSpan wait, CancellationToken stoppingToken)
    {
        using var deadline = new Deadline(wait, clock, stoppingToken);
        try
        {
            await _wake.WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            // It is time to look again.
        }
    }

    /// <returns>When to look again.</returns>
    private async Task<TimeSpan> MakeAsync(IReadOnlyCollection<ObjectFault> faults, CancellationToken stoppingToken)
    {
        foreach (var over in _made.Keys.Except(faults).ToList())
            _made.Remove(over);
        foreach (var one in faults)
        {
            if (_made.TryGetValue(one, out var at) && clock.GetUtcNow() - at < MakeAgain)
                continue;
            if (!await TryMakeAsync(one, stoppingToken))
                return Later;

            _made[one] = clock.GetUtcNow();
            await Task.Delay(Pause, clock, stoppingToken);
        }

        return MakeAgain;
    }

    /// <returns>False when it is worth to try again soon.</returns>
    private async Task<bool> TryMakeAsync(ObjectFault one, CancellationToken stoppingToken)
    {
        var made = Event(one);
        try
        {
            await api.CallAsync(
                "create events.events.k8s.io", (client, cancel) => client.EventsV1.CreateNamespacedEventAsync(made, made.Metadata.NamespaceProperty, fieldManager: "smm-dashboard", cancellationToken: cancel),
                stoppingToken);
            _cannot = null;
        }
        catch (ApiException refusal) when (refusal.Fault == ApiFault.Conflict)
        {
            // Another replica made it, or it is still there.
        }
        catch (ApiException refusal)
        {
            if (_cannot != refusal.Message)
                log.NoEvents(refusal.Message);
            _cannot = refusal.Message;
            return !refusal.IsTransient;
        }

        return true;
    }

    private Eventsv1Event Event(ObjectFault one)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{one.Source}\n{one.Reason}\n{one.Message}")).AsSpan(0, 16));
        return new Eventsv1Event
        {
            Metadata = new V1ObjectMeta { Name = $"smm-dashboard.{name}", NamespaceProperty = one.Source.Namespace.Length > 0 ? one.Source.Namespace : "default" },
            EventTime = clock.GetUtcNow().UtcDateTime,
            Type = "Warning",
            Reason = one.Reason,
            Action = "ComposeMeshConfig",
            Note = one.Message.Length <= LongestNote ? one.Message : one.Message[..LongestNote] + "…",
            ReportingController = Controller,
            ReportingInstance = options.Replica,
            Regarding = new V1ObjectReference
            {
                Kind = one.Source.Kind,
                NamespaceProperty = one.Source.Namespace.Length > 0 ? one.Source.Namespace : null,
                Name = one.Source.Name,
                Uid = cluster.Uid(one.Source),
            },
        };
    }
}
