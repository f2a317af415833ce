using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Host;

namespace SmmAgent.Checks.HostSetup;

/// <summary>Compares the VM's clock with that of the dashboard.</summary>
internal sealed class HostClock() : Check("host-clock", CheckGroup.Host, "Clock")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        if (context.Settings.SkipLine is { } obstacle)
            return [obstacle];

        return (await context.Dashboard).Ahead is { } ahead
            ? [Line(new(ahead))]
            : [CheckLine.Skipped("no dashboard answered with its time")];
    }

    private static CheckLine Line(ClockOffset offset) =>
        offset.IsTolerable ? CheckLine.Pass("matches the dashboard's within a few seconds")
        : offset.IsFatal ? CheckLine.Fail(
            $"{offset}: new certificates and tokens are not valid here yet, or have already expired", ClockOffset.Advice)
        : CheckLine.Warn($"{offset}", ClockOffset.Advice);
}
