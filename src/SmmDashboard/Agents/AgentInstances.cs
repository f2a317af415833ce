namespace SmmDashboard.Agents;

/// <summary>One start of a host's agent, as its reports name it: the same until the host is booted again.</summary>
/// <param name="Id">What the agent calls it, <see cref="SmmAgent.Contract.AgentReport.Instance"/>.</param>
/// <param name="Host">The host's name and address in its last report, for people.</param>
/// <param name="FirstSeen">When it reported first.</param>
/// <param name="LastSeen">When it reported last; a report that was refused counts.</param>
public sealed record AgentInstance(string Id, string Host, DateTimeOffset FirstSeen, DateTimeOffset LastSeen);

/// <summary>What a report means for the hosts under one identity.</summary>
/// <param name="After">The instances with this report.</param>
/// <param name="IsRefused">Whether it is of another host than one that was seen before it: nothing of it is kept.</param>
/// <param name="Begins">Whether it is the first sign of a second host.</param>
/// <param name="Ends">Whether it is the first report since there is one host again.</param>
public sealed record InstanceVerdict(AgentInstances After, bool IsRefused, bool Begins, bool Ends);

/// <summary>The instances that reported under one uuid and one key. It tells a host that was booted again from two hosts with one identity.</summary>
/// <remarks>
/// A new instance takes the place of the former one, since that is what a boot looks like. But an instance that reports after a later one has
/// reported belongs to another host. Of two such hosts, both alive, the one that was seen first is kept and the other one is refused.
/// </remarks>
public sealed class AgentInstances
{
    /// <summary>An instance that is silent for so long is gone. An agent reports every five minutes, and every minute while it is refused.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMinutes(7);

    /// <summary>How long a silent instance is remembered.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    /// <summary>The most instances that are remembered: those that reported last.</summary>
    public const int Limit = 8;

    public static readonly AgentInstances None = new([]);

    // The first seen comes first.
    private readonly AgentInstance[] _seen;

    public AgentInstances(IEnumerable<AgentInstance> seen) =>
        _seen = [.. seen.OrderByDescending(one => one.LastSeen).Take(Limit).OrderBy(one => one.FirstSeen)];

    public IReadOnlyList<AgentInstance> Seen => _seen;

    /// <summary>Takes a report.</summary>
    /// <param name="id">The instance that it is of; null for an agent that names none, whose reports are always taken.</param>
    /// <param name="host">The host's name and address, for people.</param>
    public InstanceVerdict Report(string? id, string host, DateTimeOffset now)
    {
        if (id is null)
            return new(this, IsRefused: false, Begins: false, Ends: false);

        var known = Array.Find(_seen, one => one.Id == id);
        var after = new AgentInstances(
            [.. _seen.Where(one => one.Id != id && IsWithin(Memory, one, now)), new(id, host, known?.FirstSeen ?? now, now)]);
        var were = _seen.Length > 0 && Duplicates(_seen.Max(one => one.LastSeen)).Count > 0;
        var are = after.Duplicates(now).Count > 0;
        return new(after, after.IsRefused(id, now), Begins: are && !were, Ends: were && !are);
    }

    /// <summary>The same without an instance: its host has another uuid now.</summary>
    public AgentInstances Without(string id) => Array.Exists(_seen, one => one.Id == id) ? new(_seen.Where(one => one.Id != id)) : this;

    /// <summary>The instances of different hosts that are alive, the first seen first; empty while there is at most one host.</summary>
    public IReadOnlyList<AgentInstance> Duplicates(DateTimeOffset now)
    {
        var alive = _seen.Where(one => IsWithin(Silence, one, now)).ToList();
        return [.. alive.Where(one => alive.Exists(other => AreTwoHosts(one, other)))];
    }

    /// <summary>The names of those, for people; empty while there is at most one host.</summary>
    public string Hosts(DateTimeOffset now) => string.Join(" and ", Duplicates(now).Select(one => one.Host));

    private bool IsRefused(string id, DateTimeOffset now) =>
        Duplicates(now) is var duplicates && duplicates.FirstOrDefault(one => one.Id == id) is { } own
        && duplicates.TakeWhile(one => one.Id != id).Any(earlier => AreTwoHosts(earlier, own));

    private static bool AreTwoHosts(AgentInstance one, AgentInstance other) =>
        one.Id != other.Id && (one.FirstSeen <= other.FirstSeen ? one.LastSeen > other.FirstSeen : other.LastSeen > one.FirstSeen);

    // A clock that is set back does not keep an instance alive.
    private static bool IsWithin(TimeSpan time, AgentInstance one, DateTimeOffset now) => (now - one.LastSeen).Duration() < time;
}
