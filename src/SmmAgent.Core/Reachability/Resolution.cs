using System.Net;

namespace SmmAgent.Core.Reachability;

/// <summary>What a name resolved to: its addresses, or the outcome and what was seen.</summary>
public sealed record Resolution(string Host, IReadOnlyList<IPAddress> Addresses, Outcome Outcome, string? Detail)
{
    public static Resolution Found(string host, IReadOnlyList<IPAddress> addresses) => new(host, addresses, Outcome.Ok, null);

    public static Resolution Failed(string host, Outcome outcome, string detail) => new(host, [], outcome, detail);
}

/// <summary>The damped resolutions of all names: new addresses count at once, one failed look-up does not.</summary>
public sealed class DebouncedNames
{
    private Dictionary<string, Debounced<Resolution>> _names = [];

    public bool Unsettled => _names.Values.Any(name => name.Pending is not null);

    /// <summary>Takes the look-ups of one round; names that were not part of it are forgotten.</summary>
    public IReadOnlyDictionary<string, Resolution> Next(IReadOnlyList<Resolution> round, DateTimeOffset now)
    {
        _names = round.ToDictionary(
            look => look.Host,
            look => _names.TryGetValue(look.Host, out var before)
                ? before.Next(look, now, SameSide, SameSide)
                : Debounced<Resolution>.First(look, now));
        return _names.ToDictionary(name => name.Key, name => name.Value.Current);
    }

    private static bool SameSide(Resolution a, Resolution b) => (a.Outcome == Outcome.Ok) == (b.Outcome == Outcome.Ok);
}
