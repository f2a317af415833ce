namespace SmmAgent.Core.Host;

/// <summary>How far the dashboard's clock is ahead of this VM's; negative: behind.</summary>
public readonly record struct ClockOffset(TimeSpan Ahead)
{
    public const string Advice = "set the clock: sudo timedatectl set-ntp true (timedatectl shows whether it is synchronised)";

    // A Date header has whole seconds and arrives with a delay.
    private static readonly TimeSpan Tolerated = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Istio's certificates are valid from two minutes before they are issued. A clock that is further behind refuses them.
    /// </summary>
    private static readonly TimeSpan Fatal = TimeSpan.FromMinutes(2);

    public bool IsTolerable => Ahead.Duration() < Tolerated;

    /// <summary>Whether new certificates and tokens are not yet valid here, or have already expired.</summary>
    public bool IsFatal => Ahead.Duration() >= Fatal;

    /// <summary>A phrase that continues a sentence about the clock: <c>is 5 min behind the dashboard's</c>.</summary>
    public override string ToString() => $"is {Shown(Ahead.Duration())} {(Ahead > TimeSpan.Zero ? "behind" : "ahead of")} the dashboard's";

    private static string Shown(TimeSpan time) => time switch
    {
        { TotalMinutes: < 2 } => $"{time.TotalSeconds:0} s",
        { TotalHours: < 2 } => $"{time.TotalMinutes:0} min",
        { TotalDays: < 2 } => $"{time.TotalHours:0} h",
        _ => $"{time.TotalDays:0} days",
    };
}
