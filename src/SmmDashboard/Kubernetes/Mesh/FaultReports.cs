using System.Security.Cryptography;
using System.Text;
using k8s;
using k8s.Models;
using SmmAgent.Contract;
using SmmDashboard.Hosting;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Composition;

namespace SmmDashboard.Kubernetes.Mesh;

/// <summary>Reports faults of objects: one log line, and one Event of the object, for each text.</summary>
/// <remarks>
/// The name of an Event is a hash of its text, so that the Event of a second replica is refused as a duplicate. The API server removes
/// Events after an hour, so Events of persistent faults are created again.
/// </remarks>
public sealed class FaultReports(
    KubernetesApi api, ClusterWatch cluster, KubernetesOptions options, TimeProvider clock, ILogger<FaultReports> log,
    BackgroundFailure fault) : BackgroundService
{
    private const string Controller = "smm-agent.io/smm-dashboard";

    // In bytes of UTF-8; the limit of the API server is 1,024.
    private const int LongestNote = 1000;

    // A missing control plane is a fault of each of its WorkloadGroups.
    private const int MostLines = 100;

    // Limits the rate of Events when thousands of objects are invalid.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MakeAgain = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(10);

    private readonly Dictionary<ObjectFault, DateTimeOffset> _made = [];
    private readonly SemaphoreSlim _wake = new(0, 1);
    private volatile HashSet<ObjectFault> _faults = [];
    private string? _cannot;

    /// <summary>The current faults.</summary>
    public void Publish(IReadOnlyCollection<ObjectFault> faults)
    {
        var before = _faults;
        if (before.SetEquals(faults))
            return;

        var added = faults.Where(one => !before.Contains(one)).ToList();
        foreach (var one in added.Take(MostLines))
            log.Faulty(one.Source.ToString(), one.Reason, one.Message);
        if (added.Count > MostLines)
            log.MoreFaulty(added.Count - MostLines);

        var wrong = faults.Select(one => one.Source).ToHashSet();
        var corrected = before.Select(one => one.Source).Where(source => !wrong.Contains(source)).Distinct().ToList();
        foreach (var source in corrected.Take(MostLines))
            log.Corrected(source.ToString());
        if (corrected.Count > MostLines)
            log.MoreCorrected(corrected.Count - MostLines);

        _faults = [.. faults];
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
            // The next check is due.
        }
    }

    /// <returns>When to check again.</returns>
    private async Task<TimeSpan> MakeAsync(HashSet<ObjectFault> faults, CancellationToken stoppingToken)
    {
        // This includes faults that are corrected: if they return soon, their Events still exist.
        foreach (var (old, _) in _made.Where(one => clock.GetUtcNow() - one.Value >= MakeAgain).ToList())
            _made.Remove(old);
        foreach (var one in faults)
        {
            // A fault that was corrected meanwhile needs no Event.
            if (!ReferenceEquals(_faults, faults))
                return TimeSpan.Zero;
            if (_made.ContainsKey(one))
                continue;
            if (!await TryMakeAsync(one, stoppingToken))
                return Later;

            _made[one] = clock.GetUtcNow();
            await Task.Delay(Pause, clock, stoppingToken);
        }

        return MakeAgain;
    }

    /// <returns>False when the next attempt should follow soon.</returns>
    private async Task<bool> TryMakeAsync(ObjectFault one, CancellationToken stoppingToken)
    {
        var made = Event(one);
        try
        {
            await api.CallAsync(
                "create events.events.k8s.io",
                (client, cancel) => client.EventsV1.CreateNamespacedEventAsync(
                    made, made.Metadata.NamespaceProperty, fieldManager: "smm-dashboard", cancellationToken: cancel),
                stoppingToken);
            _cannot = null;
        }
        catch (ApiException refusal) when (refusal.Fault == ApiFault.Conflict)
        {
            // Another replica created it, or it still exists.
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

    private static string Note(string message)
    {
        if (Encoding.UTF8.GetByteCount(message) <= LongestNote)
            return message;

        var (bytes, length) = (0, 0);
        foreach (var rune in message.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > LongestNote)
                break;
            length += rune.Utf16SequenceLength;
        }

        return message[..length] + "…";
    }

    private Eventsv1Event Event(ObjectFault one)
    {
        var name = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes($"{one.Source}\n{one.Reason}\n{one.Message}")).AsSpan(0, 16));
        return new Eventsv1Event
        {
            Metadata = new V1ObjectMeta
            {
                Name = $"smm-dashboard.{name}",
                NamespaceProperty = one.Source.Namespace.Length > 0 ? one.Source.Namespace : "default"
            },
            EventTime = clock.GetUtcNow().UtcDateTime,
            Type = "Warning",
            Reason = one.Reason,
            Action = "ComposeMeshConfig",
            Note = Note(one.Message),
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
