using SmmAgent.Contract;

namespace SmmDashboard.Agents;

/// <summary>One boot of a host, as its agent's reports name it.</summary>
/// <param name="Id">What the agent calls it, <see cref="AgentReport.Instance"/>.</param>
/// <param name="Hostname">The host's name in its last report.</param>
/// <param name="Address">The last address that it reported; null before that.</param>
/// <param name="FirstSeen">When it reported first.</param>
/// <param name="LastSeen">When it reported last; a report that was refused counts.</param>
public sealed record AgentInstance(string Id, string Hostname, string? Address, DateTimeOffset FirstSeen, DateTimeOffset LastSeen)
{
    /// <summary>Name and address of the host, for people.</summary>
    public override string ToString() => Address is null ? NameRules.Shown(Hostname) : $"{NameRules.Shown(Hostname)} at {Address}";
}

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

    /// <summary>Takes a report. One that names no instance is always taken.</summary>
    public InstanceVerdict Report(AgentReport report, DateTimeOffset now)
    {
        if (report.Instance is not { } id)
            return new(this, IsRefused: false, Begins: false, Ends: false);

        var known = Array.Find(_seen, one => one.Id == id);
        var own = new AgentInstance(id, Cut(report.Host.Hostname), report.Address?.Value ?? known?.Address, known?.FirstSeen ?? now, now);
        var after = new AgentInstances([.. _seen.Where(one => one.Id != id && IsWithin(Memory, one, now)), own]);
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
    public string Hosts(DateTimeOffset now) => string.Join(" and ", Duplicates(now));

    // No host's name is longer.
    private static string Cut(string hostname) => hostname.Length <= 253 ? hostname : hostname[..253];

    private bool IsRefused(string id, DateTimeOffset now) =>
        Duplicates(now) is var duplicates && duplicates.FirstOrDefault(one => one.Id == id) is { } own
        && duplicates.TakeWhile(one => one.Id != id).Any(earlier => AreTwoHosts(earlier, own));

    private static bool AreTwoHosts(AgentInstance one, AgentInstance other) =>
        one.Id != other.Id && (one.FirstSeen <= other.FirstSeen ? one.LastSeen > other.FirstSeen : other.LastSeen > one.FirstSeen);

    // A clock that is set back does not keep an instance alive.
    private static bool IsWithin(TimeSpan time, AgentInstance one, DateTimeOffset now) => (now - one.LastSeen).Duration() < time;
}
