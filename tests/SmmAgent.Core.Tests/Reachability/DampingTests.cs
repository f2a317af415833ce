using System.Net;
using CsCheck;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Core.Tests.Reachability;

public sealed class DampingTests
{
    private static readonly ProbeTarget Target = new("gw", "198.18.0.1", 15012, ProbeKind.Istiod, true);
    private static readonly DateTimeOffset Start = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("R", "R")]
    [InlineData("O", "O")]
    [InlineData("OR", "OO")]
    [InlineData("ORO", "OOO")]
    [InlineData("ORR", "OOR")]
    [InlineData("ORT", "OOT")]
    [InlineData("ORORO", "OOOOO")]
    [InlineData("RO", "RR")]
    [InlineData("ROR", "RRR")]
    [InlineData("ROO", "RRO")]
    [InlineData("RT", "RR")]
    [InlineData("RTR", "RRR")]
    [InlineData("RTT", "RRT")]
    [InlineData("ROTT", "RRRT")]
    public void TwoEqualObservationsInARowMakeAChange(string observations, string shown) => Assert.Equal(shown, Play(observations));

    [Fact]
    public void ObservationsOfTheSameMomentDoNotConfirmEachOther()
    {
        var probes = new DebouncedProbes();
        probes.Next([Result('O')], Start);
        probes.Next([Result('R')], Start.AddSeconds(10));

        var shown = probes.Next([Result('R')], Start.AddSeconds(10.1));

        Assert.Equal(Outcome.Ok, shown[0].Current.Outcome);
        Assert.True(probes.Unsettled);
        Assert.Equal(Outcome.Refused, probes.Next([Result('R')], Start.AddSeconds(12))[0].Current.Outcome);
        Assert.False(probes.Unsettled);
    }

    [Fact]
    public void LossIsReportedAfterTheClockWasSetBack()
    {
        var probes = new DebouncedProbes();
        probes.Next([Result('O')], Start);
        probes.Next([Result('R')], Start.AddSeconds(10));

        Assert.Equal(Outcome.Refused, probes.Next([Result('R')], Start.AddDays(-1))[0].Current.Outcome);
    }

    [Fact]
    public void SinceIsTheTimeOfTheFirstObservation()
    {
        var probes = new DebouncedProbes();
        probes.Next([Result('O')], Start);
        probes.Next([Result('R')], Start.AddSeconds(60));
        probes.Next([Result('R')], Start.AddSeconds(62));

        Assert.Equal(Start.AddSeconds(60), probes.Next([Result('R')], Start.AddSeconds(72))[0].Since);
    }

    [Fact]
    public void SingleDeviatingResultNeverChangesTheValue() =>
        Gen.Select(Gen.Char["ORT"], Gen.Int[1, 20], Gen.Char["ORT"], Gen.Int[1, 20]).Sample((run, before, odd, after) =>
            Play(new string(run, before) + odd + new string(run, after)) == new string(run, before + 1 + after));

    [Fact]
    public void TwoObservationsThatAgreeAlwaysDecide() =>
        Gen.Char["ORT"].Array[0, 30].Select(Gen.Char["ORT"]).Sample((past, last) =>
            Play(new string(past) + last + last + last)[^1] == last);

    [Fact]
    public void CurrentValueWasSeenInOneOfTheLastObservations() =>
        Gen.Char["ORT"].Array[1, 40].Sample(observations =>
        {
            var shown = Play(new string(observations));
            return shown.Select((outcome, i) => observations.Take(i + 1).Contains(outcome)).All(seen => seen);
        });

    [Fact]
    public void UpAndDownChangeOnlyAfterTwoOppositeObservations() =>
        Gen.Char["ORT"].Array[2, 40].Sample(observations =>
        {
            var shown = Play(new string(observations));
            return Enumerable.Range(1, observations.Length - 1).All(i =>
                IsUp(shown[i]) == IsUp(shown[i - 1])
                || (IsUp(observations[i]) == IsUp(shown[i]) && IsUp(observations[i - 1]) == IsUp(shown[i])));
        });

    [Fact]
    public void TargetThatIsNoLongerProbedIsForgotten()
    {
        var probes = new DebouncedProbes();
        probes.Next([Result('R')], Start);
        Assert.Empty(probes.Next([], Start.AddSeconds(10)));

        Assert.Equal(Outcome.Ok, probes.Next([Result('O')], Start.AddSeconds(20))[0].Current.Outcome);
    }

    [Fact]
    public void SingleFailedLookupKeepsTheAddresses()
    {
        var names = new DebouncedNames();
        var found = Resolution.Found("gw.example.com", [IPAddress.Parse("198.18.0.1")]);
        var failed = Resolution.Failed("gw.example.com", Outcome.NoSuchName, "does not resolve");
        names.Next([found], Start);

        Assert.Same(found, names.Next([failed], Start.AddSeconds(60))["gw.example.com"]);
        Assert.True(names.Unsettled);
        Assert.Same(failed, names.Next([failed], Start.AddSeconds(62))["gw.example.com"]);
    }

    [Fact]
    public void NewAddressesOfANameCountImmediately()
    {
        var names = new DebouncedNames();
        names.Next([Resolution.Found("gw.example.com", [IPAddress.Parse("198.18.0.1")])], Start);
        var moved = Resolution.Found("gw.example.com", [IPAddress.Parse("198.18.0.2")]);

        Assert.Same(moved, names.Next([moved], Start.AddSeconds(60))["gw.example.com"]);
        Assert.False(names.Unsettled);
    }

    private static bool IsUp(char outcome) => outcome == 'O';

    private static string Play(string observations)
    {
        var probes = new DebouncedProbes();
        return string.Concat(observations.Select(
            (observation, i) => Letter(probes.Next([Result(observation)], Start.AddSeconds(2 * i))[0].Current.Outcome)));
    }

    private static char Letter(Outcome outcome) => outcome switch { Outcome.Ok => 'O', Outcome.Refused => 'R', _ => 'T' };

    private static ProbeResult Result(char letter) => new(
        Target, "198.18.0.1", letter switch { 'O' => Outcome.Ok, 'R' => Outcome.Refused, _ => Outcome.Timeout }, null);
}
