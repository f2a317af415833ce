using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Host;

namespace SmmAgent.Checks.Host;

/// <summary>The VM's clock is that of the dashboard.</summary>
internal sealed class HostClock() : Check("host-clock", CheckGroup.Host, "Clock")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        if (context.Settings.SkipLine is { } obstacle)
            return [obstacle];

        return (await context.Dashboard).Ahead is { } ahead
            ? [Line(new(ahead))]
            : [CheckLine.Skipped("no dashboard answered that would have told the time")];
    }

    private static CheckLine Line(ClockOffset offset) =>
        offset.IsTolerable ? CheckLine.Pass("is the dashboard's, to a few seconds")
        : offset.IsFatal ? CheckLine.Fail($"{offset}: certificates and tokens that are just made are not valid here, or are already over", ClockOffset.Cure)
        : CheckLine.Warn($"{offset}", ClockOffset.Cure);
}
