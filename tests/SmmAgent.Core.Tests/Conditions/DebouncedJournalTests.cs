using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Tests.Conditions;

public sealed class DebouncedJournalTests
{
    private readonly DebouncedJournal<string> _journal = new();
    private TimeSpan _now;

    [Fact]
    public void ShortBadStateIsInformationOnly()
    {
        Assert.Equal(["Information down"], Bad("down"));
        After(29.9);
        Assert.Equal(["Information up"], Well());
        After(60);
        Assert.Equal([], Well());
        Assert.Null(_journal.DueIn(_now));
    }

    [Fact]
    public void LastingBadStateIsOneWarningAndItsEndIsANotice()
    {
        Bad("down");
        Assert.Equal(DebouncedJournal<string>.Patience, _journal.DueIn(_now));
        After(30);
        Assert.Equal(TimeSpan.Zero, _journal.DueIn(_now));
        Assert.Equal(["Warning down"], Bad("down"));
        After(3600);
        Assert.Equal([], Bad("down"));
        Assert.Null(_journal.DueIn(_now));
        Assert.Equal(["Notice up after 01:00:30"], Well());
        Assert.Equal([], Well());
    }

    [Fact]
    public void StateThatWasNeverAWarningHasNoRecovery()
    {
        for (var flap = 0; flap < 3; flap++)
        {
            After(10);
            Assert.Equal(["Information down"], Bad("down"));
            After(10);
            Assert.Equal(["Information up"], Well());
        }
    }

    [Fact]
    public void BadTimeWithSeveralReasonsWarnsOfTheLastingReason()
    {
        Bad("starting");
        After(20);
        Assert.Equal(["Information not ready"], Bad("not ready"));
        After(10);
        Assert.Equal(["Warning not ready"], Bad("not ready"));
        Assert.Equal(["Information refused"], Bad("refused"));
        After(29);
        Assert.Equal([], Bad("refused"));
        After(1);
        Assert.Equal(["Warning refused"], Bad("refused"));
    }

    [Fact]
    public void UnknownStateDoesNotEndAWarning()
    {
        Bad("down");
        After(30);
        Bad("down");
        Assert.Equal(["Information unknown"], Update(Entry("it", "unknown", JournalState.Unknown, "unknown")));
        After(5);
        Assert.Equal([], Update(Entry("it", "pending", JournalState.Pending, "pending")));
        Assert.Equal(["Notice up after 00:00:35"], Well());
    }

    [Fact]
    public void DisabledSubjectEndsAWarningAndIsOtherwiseNotWritten()
    {
        Assert.Equal(["Debug off"], Update(Entry("it", "off", JournalState.Silent, "off")));
        Bad("down");
        After(30);
        Bad("down");
        Assert.Equal(["Notice off after 00:00:30"], Update(Entry("it", "off", JournalState.Silent, "off")));
    }

    // A sidecar that fails at each start: three failures, a hold, three failures, a hold.
    [Fact]
    public void CrashLoopWritesTheFirstFailureTheHoldAndAnHourlySummary()
    {
        List<string> lines = [];
        while (_now < TimeSpan.FromHours(2.8))
        {
            for (var start = 0; start < 3; start++)
            {
                lines.AddRange(Bad("starting"));
                After(10);
                lines.AddRange(Bad("not ready"));
                After(5);
            }

            for (var seconds = 0; seconds < 300; seconds += 30)
            {
                lines.AddRange(Bad("held back"));
                After(30);
            }
        }

        Assert.Equal(["Information starting", "Information not ready", "Warning starting", "Information held back", "Warning held back"],
            lines.Take(5));
        Assert.Equal(2, lines.Count - 5);
        Assert.All(lines.Skip(5), line => Assert.Matches(@"^Warning .* \([0-9]+ changes\)$", line));
    }

    // It is ready for some seconds each time.
    [Fact]
    public void ShortRecoveriesAreWrittenOnceAnHour()
    {
        List<string> lines = [];
        while (_now < TimeSpan.FromMinutes(59))
        {
            for (var seconds = 0; seconds < 60; seconds += 30)
            {
                lines.AddRange(Bad("held back"));
                After(30);
            }

            lines.AddRange(Well());
            After(50);
        }

        Assert.Equal(
            ["Information held back", "Warning held back", "Notice up after 00:01:00", "Information held back", "Warning held back"],
            lines);
        After(71);
        Assert.StartsWith("Notice up", Assert.Single(Well()), StringComparison.Ordinal);
    }

    [Fact]
    public void SubjectsDoNotAffectEachOther()
    {
        Assert.Equal(["Information a"],
            Update(Entry("1", "down", JournalState.Bad, "a"), Entry("2", "up", JournalState.Well, "b")).Take(1));
        After(30);
        Assert.Equal(["Warning a"], Update(Entry("1", "down", JournalState.Bad, "a"), Entry("2", "up", JournalState.Well, "b")));
    }

    [Fact]
    public void MissingSubjectIsForgottenUnlessItIsBad()
    {
        for (var version = 0; version < 100; version++)
        {
            Update(Entry($"{version}", "down", JournalState.Bad, "a"));
            After(30);
            Update(Entry($"{version}", "down", JournalState.Bad, "a"));
            Assert.True(_journal.IsBad($"{version}"));
            Assert.Equal(["Notice b after 00:00:30"], Update(Entry($"{version}", "up", JournalState.Well, "b")));
            Assert.False(_journal.IsBad($"{version}"));
        }

        // Within an hour it is known that one was bad before.
        Assert.Equal(100, _journal.Remembered);
        After(3600);
        Update();
        Assert.Equal(0, _journal.Remembered);
    }

    private static JournalEntry<string> Entry(string subject, string key, JournalState state, string value) =>
        new(subject, key, state, value);

    private List<string> Bad(string what) => Update(Entry("it", what, JournalState.Bad, what));

    private List<string> Well() => Update(Entry("it", "up", JournalState.Well, "up"));

    private void After(double seconds) => _now += TimeSpan.FromSeconds(seconds);

    private List<string> Update(params JournalEntry<string>[] entries) =>
    [
        .. _journal.Update(entries, _now).Select(line =>
            $"{line.Level} {line.Value}{(line.Lasted is { } lasted ? $" after {lasted:c}" : "")}"
            + $"{(line.Unwritten is { } unwritten ? $" ({unwritten} changes)" : "")}"),
    ];
}
