using SmmAgent.Core.Firewall.Planning;

namespace SmmAgent.Core.Tests.Firewall.Planning;

public sealed class RepairPacingTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly RepairPacing _pacing = new();

    [Fact]
    public void FirstRepairIsImmediateAndTheNextOneWaits()
    {
        Assert.Equal(TimeSpan.Zero, _pacing.WaitBefore(Start));

        _pacing.Repaired(Start);

        Assert.Equal(RepairPacing.ShortPause, _pacing.WaitBefore(Start.AddSeconds(1)));
        Assert.Equal(TimeSpan.Zero, _pacing.WaitBefore(Start.AddSeconds(2)));
    }

    [Fact]
    public void TooManyRepairsInAMinuteAreAConflictUntilOneHolds()
    {
        for (var repair = 0; repair < RepairPacing.MaximumPerMinute; repair++)
        {
            Assert.False(_pacing.IsInConflict(Start.AddSeconds(repair)));
            _pacing.Repaired(Start.AddSeconds(repair));
        }

        var last = Start.AddSeconds(RepairPacing.MaximumPerMinute - 1);
        Assert.True(_pacing.IsInConflict(last));
        Assert.Equal(TimeSpan.FromSeconds(20), _pacing.WaitBefore(last.AddSeconds(10)));

        _pacing.Repaired(last.AddSeconds(30));
        Assert.True(_pacing.IsInConflict(last.AddSeconds(89)));
        Assert.False(_pacing.IsInConflict(last.AddSeconds(90)));
    }
}
