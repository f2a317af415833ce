using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Tests.Settings;

public sealed class RestartWindowTests
{
    // As in Berlin: clocks go from 02:00 to 03:00 on the last Sunday of March, and from 03:00 to 02:00 on that of October.
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.CreateCustomTimeZone("berlin", TimeSpan.FromHours(1), "", "", "",
    [
        TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
            DateTime.MinValue.Date, DateTime.MaxValue.Date, TimeSpan.FromHours(1),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday)),
    ]);

    [Theory]
    [InlineData("2026-11-22T01:59+01:00", false)]
    [InlineData("2026-11-22T02:00+01:00", true)]
    [InlineData("2026-11-22T03:59+01:00", true)]
    [InlineData("2026-11-22T04:00+01:00", false)]
    [InlineData("2026-11-23T02:00+01:00", false)]
    [InlineData("2026-07-05T00:30+00:00", true)]
    public void WindowIsOpenFromStartToEndInLocalTime(string now, bool open) =>
    Assert.Equal(open, Window("Sun 02:00-04:00").IsOpen(At(now), Berlin));

    [Theory]
    [InlineData("2026-11-21T23:00+01:00", true)]
    [InlineData("2026-11-22T00:00+01:00", true)]
    [InlineData("2026-11-22T01:59+01:00", true)]
    [InlineData("2026-11-22T02:00+01:00", false)]
    [InlineData("2026-11-21T01:00+01:00", false)]
    public void WindowMayEndTheNextDay(string now, bool open) => Assert.Equal(open, Window("Sat 22:00-02:00").IsOpen(At(now), Berlin));

    [Theory]
    [InlineData("Sun 02:00-04:00", "2026-11-20T12:00+01:00", "2026-11-22T02:00+01:00")]
    [InlineData("Sun 02:00-04:00", "2026-11-22T03:00+01:00", "2026-11-22T03:00+01:00")]
    [InlineData("Sun 02:00-04:00", "2026-11-22T04:00+01:00", "2026-11-29T02:00+01:00")]
    [InlineData("Sun 02:00-04:00", "2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00")] // 02:00 does not exist that day
    [InlineData("Sun 02:00-03:00", "2026-03-28T12:00+01:00", "2026-04-05T02:00+02:00")] // nor does the whole window
    [InlineData("Sun 02:30-04:00", "2026-10-24T12:00+02:00", "2026-10-25T02:30+02:00")] // 02:30 is there twice
    public void NextOpeningIsComputed(string window, string now, string opening) =>
    Assert.Equal(At(opening), Window(window).NextOpening(At(now), Berlin));

    [Theory]
    [InlineData("Sun 02:00-04:00")]
    [InlineData("Sun 02:00-03:00")]
    [InlineData("Sun 02:30-02:45")]
    [InlineData("Sat 23:00-02:30")]
    [InlineData("Sun 03:00-02:59")]
    public void NextOpeningIsTheFirstOpenMinute(string text)
    {
        var window = Window(text);
        foreach (var change in new[] { "2026-03-26T00:00+01:00", "2026-10-22T00:00+02:00" })
        {
            DateTimeOffset? next = null;
            for (var minute = 14 * 24 * 60; minute >= 0; minute--)
            {
                var now = At(change).AddMinutes(minute);
                next = window.IsOpen(now, Berlin) ? now : next;
                // In the repeated hour a window opens twice, and only the first time is reported.
                if (next is not null && !(Berlin.IsAmbiguousTime(next.Value)
                    && TimeZoneInfo.ConvertTime(next.Value, Berlin).Offset == TimeSpan.FromHours(1)))
                    Assert.Equal(next, window.NextOpening(now, Berlin));
            }
        }
    }

    [Theory]
    [InlineData("Sun 02:00-04:00")]
    [InlineData("Mon 23:59-00:00")]
    public void WindowIsFormattedAsItIsParsed(string text) => Assert.Equal(text, Window(text).ToString());

    private static RestartWindow Window(string text) => RestartWindow.Parse(text)!;

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
