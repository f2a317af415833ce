using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.Host;

/// <summary>The VM's clock is that of the dashboard.</summary>
internal sealed class HostClock() : Check("host-clock", CheckGroup.Host, "Clock")
{
    public const string SetIt = "set the clock: sudo timedatectl set-ntp true (timedatectl tells whether it is synchronised)";

    // A Date header has whole seconds, and takes its time to come.
    private static readonly TimeSpan Tolerated = TimeSpan.FromSeconds(10);

    /// <summary>Istio's certificates are valid from two minutes before they are made: a clock that is later than that refuses them.</summary>
    private static readonly TimeSpan Fatal = TimeSpan.FromMinutes(2);

    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        if (context.Settings.Obstacle is { } obstacle)
            return [obstacle];

        return (await context.Dashboard).Ahead is { } ahead
            ? [Line(ahead)]
            : [CheckLine.Skipped("no dashboard answered that would have told the time")];
    }

    private static CheckLine Line(TimeSpan ahead)
    {
        var off = $"is {Shown(ahead.Duration())} {(ahead > TimeSpan.Zero ? "behind" : "ahead of")} the dashboard's";
        return ahead.Duration() < Tolerated ? CheckLine.Pass("is the dashboard's, to a few seconds")
            : ahead.Duration() < Fatal ? CheckLine.Warn(off, SetIt)
            : CheckLine.Fail($"{off}: certificates and tokens that are just made are not valid here, or are already over", SetIt);
    }

    private static string Shown(TimeSpan time) => time switch
    {
        { TotalMinutes: < 2 } => $"{time.TotalSeconds:0} s",
        { TotalHours: < 2 } => $"{time.TotalMinutes:0} min",
        { TotalDays: < 2 } => $"{time.TotalHours:0} h",
        _ => $"{time.TotalDays:0} days",
    };
}
