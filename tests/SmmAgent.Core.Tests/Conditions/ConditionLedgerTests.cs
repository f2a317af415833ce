using CsCheck;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Tests.Conditions;

public sealed class ConditionLedgerTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly ConditionLedger _ledger = new();

    [Fact]
    public void ConditionsAreInTheOrderOfTheDocumentation()
    {
        _ledger.Update([ConditionUpdate.True(ConditionType.Healthy, "Healthy", "all well")], Start);

        Assert.Equal(ConditionType.All, _ledger.Current.Select(condition => condition.Type));
        Assert.Equal("True", Current(ConditionType.Healthy).Status);
        Assert.Equal(ConditionUpdate.Pending, Current(ConditionType.PortsOpen).Reason);
    }

    [Fact]
    public void TransitionTimeChangesOnlyWithTheStatus()
    {
        _ledger.Update([ConditionUpdate.False(ConditionType.PortsOpen, "Closed", "8080 is closed")], Start);
        _ledger.Update([ConditionUpdate.False(ConditionType.PortsOpen, "LockHeld", "the lock is held")], Start.AddSeconds(10));

        Assert.Equal(("LockHeld", "the lock is held", Start), (Ports.Reason, Ports.Message, Ports.LastTransitionTime));

        _ledger.Update([ConditionUpdate.True(ConditionType.PortsOpen, "Open", "4 ports open")], Start.AddSeconds(20));

        Assert.Equal(("True", Start.AddSeconds(20)), (Ports.Status, Ports.LastTransitionTime));
    }

    [Fact]
    public void StatusOrReasonIsAChangeAndMessageIsNot()
    {
        Assert.Equal(ConditionType.All.Count, _ledger.Update([], Start).Count);
        Assert.Empty(_ledger.Update([], Start));
        Assert.Equal("Closed", Change(ConditionUpdate.False(ConditionType.PortsOpen, "Closed", "8080 is closed")));
        Assert.Null(Change(ConditionUpdate.False(ConditionType.PortsOpen, "Closed", "8080 is closed for 3m")));
        Assert.Equal("LockHeld", Change(ConditionUpdate.False(ConditionType.PortsOpen, "LockHeld", "the lock is held")));
        Assert.Equal("Open", Change(ConditionUpdate.True(ConditionType.PortsOpen, "Open", "4 ports open")));
    }

    [Fact]
    public void ChangeHasThePreviousCondition()
    {
        Assert.All(_ledger.Update([], Start), change => Assert.Null(change.Before));

        var change = Assert.Single(_ledger.Update([ConditionUpdate.True(ConditionType.PortsOpen, "Open", "4 ports open")], Start));

        Assert.Equal(ConditionUpdate.Pending, change.Before!.Reason);
        Assert.Equal("Open", change.Now.Reason);
    }

    [Fact]
    public void UpdateOfAnUndocumentedTypeThrows() =>
        Assert.Throws<ArgumentException>(() => _ledger.Update([ConditionUpdate.True("PortOpen", "Open", "")], Start));

    [Fact]
    public void TransitionTimeIsThatOfTheLastStatusChange() =>
        Gen.Int[0, 2].Array[1, 30].Sample(statuses =>
        {
            var ledger = new ConditionLedger();
            var expected = Start;
            for (var i = 0; i < statuses.Length; i++)
            {
                var now = Start.AddSeconds(i);
                if (i == 0 || statuses[i] != statuses[i - 1])
                    expected = now;
                ledger.Update([new ConditionUpdate(ConditionType.Healthy, (ConditionStatus)statuses[i], $"R{i}", "")], now);
                Assert.Equal(expected, ledger.Current[^1].LastTransitionTime);
            }
        });

    private Condition Ports => Current(ConditionType.PortsOpen);

    private Condition Current(string type) => _ledger.Current.Single(condition => condition.Type == type);

    private string? Change(ConditionUpdate finding) => _ledger.Update([finding], Start).SingleOrDefault()?.Now.Reason;
}
