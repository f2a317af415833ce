using SmmAgent.Contract;

namespace SmmDashboard.Agents;

/// <summary>One boot of a host, as named in the reports of its agent.</summary>
/// <param name="Id">The id from <see cref="AgentReport.Instance"/>.</param>
/// <param name="Hostname">The name of the host in its last report.</param>
/// <param name="Address">The last reported address; null before the first one.</param>
/// <param name="FirstSeen">The time of the first report.</param>
/// <param name="LastSeen">The time of the last report, including refused reports.</param>
public sealed record AgentInstance(string Id, string Hostname, string? Address, DateTimeOffset FirstSeen, DateTimeOffset LastSeen)
{
    /// <summary>Formats the name and the address of the host for people.</summary>
    public override string ToString() => Address is null ? NameRules.Shown(Hostname) : $"{NameRules.Shown(Hostname)} at {Address}";
}

/// <summary>The effect of a report on the hosts under one identity.</summary>
/// <param name="After">The instances including this report.</param>
/// <param name="IsRefused">Whether another host was seen before the reporting host, so that the report is discarded.</param>
/// <param name="Begins">Whether the report is the first sign of a second host.</param>
/// <param name="Ends">Whether the report is the first one after the second host has gone.</param>
public sealed record InstanceVerdict(AgentInstances After, bool IsRefused, bool Begins, bool Ends);

/// <summary>
/// The instances that reported under one uuid and one key. They distinguish a rebooted host from two hosts with one identity.
/// </summary>
/// <remarks>
/// A new instance replaces the previous one, as after a reboot. An instance that reports again after a newer one has reported belongs to
/// another host. If both hosts are alive, the reports of the host that was seen first are kept, and those of the other one are refused.
/// </remarks>
public sealed class AgentInstances
{
    /// <summary>
    /// The silence after which an instance counts as gone. An agent reports every five minutes, and every minute while it is refused.
    /// </summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMinutes(7);

    /// <summary>How long a silent instance is remembered.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    /// <summary>The maximum number of remembered instances. Those with the most recent reports are kept.</summary>
    public const int Limit = 8;

    public static readonly AgentInstances None = new([]);

    // Ordered by the time of the first report.
    private readonly AgentInstance[] _seen;

    public AgentInstances(IEnumerable<AgentInstance> seen) =>
        _seen = [.. seen.OrderByDescending(one => one.LastSeen).Take(Limit).OrderBy(one => one.FirstSeen)];

    public IReadOnlyList<AgentInstance> Seen => _seen;

    /// <summary>Adds a report. A report without an instance is always accepted.</summary>
    public InstanceVerdict Report(AgentReport report, DateTimeOffset now)
    {
        if (report.Instance is not { } id)
            return new(this, IsRefused: false, Begins: false, Ends: false);

        var known = Array.Find(_seen, one => one.Id == id);
        var own = new AgentInstance(id, Cut(report.Host.Hostname), report.Address?.Value ?? known?.Address, known?.FirstSeen ?? now, now);
        var after = new AgentInstances([.. _seen.Where(one => one.Id != id && IsWithin(Memory, one, now)), own]);
        var isRefused = after.IsRefused(id, now);
        // A host that was detached does not report again, so that the other host is alone.
        if (report.Detached && !isRefused)
            after = after.Without(id);
        var were = _seen.Length > 0 && Duplicates(_seen.Max(one => one.LastSeen)).Count > 0;
        var are = after.Duplicates(now).Count > 0;
        return new(after, isRefused, Begins: are && !were, Ends: were && !are);
    }

    /// <summary>Removes an instance after its host has got another uuid.</summary>
    public AgentInstances Without(string id) => Array.Exists(_seen, one => one.Id == id) ? new(_seen.Where(one => one.Id != id)) : this;

    /// <summary>The live instances of different hosts by first report; empty with at most one live host.</summary>
    public IReadOnlyList<AgentInstance> Duplicates(DateTimeOffset now)
    {
        var alive = _seen.Where(one => IsWithin(Silence, one, now)).ToList();
        return [.. alive.Where(one => alive.Exists(other => AreTwoHosts(one, other)))];
    }

    /// <summary>Formats the duplicate hosts for people; empty with at most one live host.</summary>
    public string Hosts(DateTimeOffset now) => string.Join(" and ", Duplicates(now));

    // A host name has at most 253 characters.
    private static string Cut(string hostname) => hostname.Length <= 253 ? hostname : hostname[..253];

    private bool IsRefused(string id, DateTimeOffset now) =>
        Duplicates(now) is var duplicates && duplicates.FirstOrDefault(one => one.Id == id) is { } own
        && duplicates.TakeWhile(one => one.Id != id).Any(earlier => AreTwoHosts(earlier, own));

    private static bool AreTwoHosts(AgentInstance one, AgentInstance other) =>
        one.Id != other.Id && (one.FirstSeen <= other.FirstSeen ? one.LastSeen > other.FirstSeen : other.LastSeen > one.FirstSeen);

    // The absolute difference, so that a clock that is set back does not keep an instance alive.
    private static bool IsWithin(TimeSpan time, AgentInstance one, DateTimeOffset now) => (now - one.LastSeen).Duration() < time;
}
