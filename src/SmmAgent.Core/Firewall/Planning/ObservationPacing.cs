namespace SmmAgent.Core.Firewall.Planning;

/// <summary>Limits the rate of observations of the firewall while other programs change it all the time.</summary>
/// <remarks>
/// The first change after a quiet time is observed at once. A change of the agent's own rules never waits for this: see
/// <see cref="RepairPacing"/>.
/// </remarks>
public sealed class ObservationPacing
{
    /// <summary>The shortest time between two observations.</summary>
    public static readonly TimeSpan Minimum = TimeSpan.FromSeconds(1);

    /// <summary>The longest time, however long an observation takes.</summary>
    public static readonly TimeSpan Maximum = TimeSpan.FromSeconds(10);

    // An observation takes one part in 40 of the time: some 4 % of a core with the commands, of which two run at once.
    private const int Parts = 40;

    private TimeSpan? _next;

    public void Observed(TimeSpan start, TimeSpan end)
    {
        var pause = (end - start) * Parts;
        _next = end + (pause < Minimum ? Minimum : pause > Maximum ? Maximum : pause);
    }

    /// <summary>The wait of a change that does not concern the agent's own rules.</summary>
    public TimeSpan WaitAt(TimeSpan now) => _next is { } next && next > now ? next - now : TimeSpan.Zero;
}
