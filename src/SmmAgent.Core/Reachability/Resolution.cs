using System.Net;

namespace SmmAgent.Core.Reachability;

/// <summary>The result of resolving a name: its addresses, or the outcome and its details.</summary>
public sealed record Resolution(string Host, IReadOnlyList<IPAddress> Addresses, Outcome Outcome, string? Detail)
{
    public static Resolution Found(string host, IReadOnlyList<IPAddress> addresses) => new(host, addresses, Outcome.Ok, null);

    public static Resolution Failed(string host, Outcome outcome, string detail) => new(host, [], outcome, detail);
}

/// <summary>The debounced resolutions of all names. New addresses take effect immediately, a single failed lookup does not.</summary>
public sealed class DebouncedNames
{
    private Dictionary<string, Debounced<Resolution>> _names = [];

    public bool Unsettled => _names.Values.Any(name => name.Pending is not null);

    /// <summary>Adds the lookups of one round. Names that are not part of the round are forgotten.</summary>
    public IReadOnlyDictionary<string, Resolution> Next(IReadOnlyList<Resolution> round, DateTimeOffset now)
    {
        _names = round.ToDictionary(
            observation => observation.Host,
            observation => _names.TryGetValue(observation.Host, out var before)
                ? before.Next(observation, now, SameSide, SameSide)
                : Debounced<Resolution>.First(observation, now));
        return _names.ToDictionary(name => name.Key, name => name.Value.Current);
    }

    private static bool SameSide(Resolution a, Resolution b) => (a.Outcome == Outcome.Ok) == (b.Outcome == Outcome.Ok);
}
