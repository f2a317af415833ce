using System.Net;
using SmmAgent.Contract;

namespace SmmDashboard.Embedded.Registration;

/// <summary>The last refusal of each VM, so that its agent can report the reason for a missing WorkloadEntry.</summary>
/// <remarks>
/// A refused client has not proved an identity, so a refusal is only a hint. It contains fixed texts only, is kept for one hour and for a
/// bounded number of VMs, and is shown only while no sidecar of the VM is connected.
/// </remarks>
public sealed class RecentRefusals(TimeProvider clock, int limit = 10_000)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (string Reason, DateTimeOffset At)> _reasons = [];
    private readonly Queue<(string Key, DateTimeOffset At)> _order = new();

    public void Remember(RegistrationRequest request, string reason)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            foreach (var key in Keys(request.Uuid, IPAddress.TryParse(request.Address, out var address) ? address : null))
            {
                _reasons[key] = (reason, now);
                _order.Enqueue((key, now));
            }

            while (_order.Count > 2 * limit || (_order.TryPeek(out var oldest) && now - oldest.At > Lifetime))
            {
                var (key, at) = _order.Dequeue();
                if (_reasons.TryGetValue(key, out var refusal) && refusal.At == at)
                    _reasons.Remove(key);
            }
        }
    }

    public void Forget(RegisteredEntry entry)
    {
        lock (_lock)
        {
            foreach (var key in Keys(entry.Uuid, entry.Address))
                _reasons.Remove(key);
        }
    }

    /// <summary>Finds the reason, one of <see cref="RegistrationReasons"/>; null without a refusal.</summary>
    public string? Find(Guid uuid, IPAddress? address)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            foreach (var key in Keys(uuid, address))
            {
                if (_reasons.TryGetValue(key, out var refusal) && now - refusal.At <= Lifetime)
                    return refusal.Reason;
            }
        }

        return null;
    }

    private static IEnumerable<string> Keys(Guid? uuid, IPAddress? address)
    {
        if (uuid is not null)
            yield return uuid.Value.ToString();
        if (address is not null)
            yield return address.ToString();
    }
}
