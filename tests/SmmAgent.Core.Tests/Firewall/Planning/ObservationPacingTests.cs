using SmmAgent.Core.Firewall.Planning;

namespace SmmAgent.Core.Tests.Firewall.Planning;

public sealed class ObservationPacingTests
{
    private readonly ObservationPacing _pacing = new();

    [Fact]
    public void FirstChangeDoesNotWait() => Assert.Equal(TimeSpan.Zero, _pacing.WaitAt(TimeSpan.FromSeconds(5)));

    [Theory]
    [InlineData(0.001, 1)]
    [InlineData(0.02, 1)]
    [InlineData(0.1, 4)]
    [InlineData(3, 10)]
    public void LaterChangesWaitForASecondOrLongerAfterSlowObservations(double took, double wait)
    {
        var end = TimeSpan.FromSeconds(7);
        _pacing.Observed(end - TimeSpan.FromSeconds(took), end);

        Assert.Equal(wait, _pacing.WaitAt(end).TotalSeconds, 3);
        Assert.Equal(TimeSpan.Zero, _pacing.WaitAt(end + TimeSpan.FromSeconds(wait)));
    }
}
