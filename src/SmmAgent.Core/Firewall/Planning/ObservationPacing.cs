namespace SmmAgent.Core.Firewall.Planning;

/// <summary>How fast observations of the firewall may follow each other while others change it all the time.</summary>
/// <remarks>The first change after a quiet time is looked at at once. A change of the agent's own rules never waits for this: see <see cref="RepairPacing"/>.</remarks>
public sealed class ObservationPacing
{
    /// <summary>The least time between two observations.</summary>
    public static readonly TimeSpan Minimum = TimeSpan.FromSeconds(1);

    /// <summary>The most, however long one takes.</summary>
    public static readonly TimeSpan Maximum = TimeSpan.FromSeconds(10);

    // Of 40 parts of the time an observation takes one: some 4 % of a core with the commands, which run two at once.
    private const int Parts = 40;

    private TimeSpan? _next;

    public void Observed(TimeSpan start, TimeSpan end)
    {
        var pause = (end - start) * Parts;
        _next = end + (pause < Minimum ? Minimum : pause > Maximum ? Maximum : pause);
    }

    /// <summary>How long a change that is not about the agent's own rules waits.</summary>
    public TimeSpan WaitAt(TimeSpan now) => _next is { } next && next > now ? next - now : TimeSpan.Zero;
}
