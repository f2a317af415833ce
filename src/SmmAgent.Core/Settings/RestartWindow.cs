using System.Globalization;

namespace SmmAgent.Core.Settings;

/// <summary>
/// The window in which the sidecar may be restarted: a day of the week and two times of day in the VM's local time.
/// </summary>
/// <param name="End">The first minute after the window. If it is not later than <paramref name="Start"/>, it is on the next day.</param>
public sealed record RestartWindow(DayOfWeek Day, TimeOnly Start, TimeOnly End)
{
    internal static readonly string[] Days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

    /// <summary>A window that a clock change skips opens a week later, and so does a window on a day that a country skipped.</summary>
    private const int MostDaysAhead = 22;

    private bool EndsNextDay => End <= Start;

    /// <returns>Null if the text does not have the form <c>Sun 02:00-04:00</c>.</returns>
    public static RestartWindow? Parse(string text) =>
        text.Split(' ') is [var day, var times] && times.Split('-') is [var from, var to] && Array.IndexOf(Days, day) is var index and >= 0
            && Time(from) is { } start && Time(to) is { } end && start != end
            ? new((DayOfWeek)index, start, end)
            : null;

    /// <summary>Whether the local time is in the window. A window in the hour that summer time skips does not open.</summary>
    public bool IsOpen(DateTimeOffset now, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(now, zone).DateTime;
        var time = TimeOnly.FromDateTime(local);
        if (!EndsNextDay)
            return local.DayOfWeek == Day && time >= Start && time < End;

        return (local.DayOfWeek == Day && time >= Start) || (local.AddDays(-1).DayOfWeek == Day && time < End);
    }

    /// <summary>The time at which the window opens next.</summary>
    /// <returns><paramref name="now"/> while the window is open; null if it does not open within three weeks.</returns>
    public DateTimeOffset? NextOpening(DateTimeOffset now, TimeZoneInfo zone)
    {
        if (IsOpen(now, zone))
            return now;

        var today = TimeZoneInfo.ConvertTime(now, zone).Date;
        for (var ahead = -1; ahead <= MostDaysAhead; ahead++)
        {
            var start = today.AddDays(ahead) + Start.ToTimeSpan();
            if (start.DayOfWeek == Day && Opening(start, zone) is { } opening && opening > now)
                return opening;
        }

        return null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Days[(int)Day]} {Start:HH:mm}-{End:HH:mm}");

    // The wall clock shows the start twice, once, or not at all.
    private DateTimeOffset? Opening(DateTime start, TimeZoneInfo zone)
    {
        var local = start;
        while (zone.IsInvalidTime(local) && local - start < TimeSpan.FromDays(1))
            local = local.AddMinutes(1);
        if (zone.IsInvalidTime(local))
            return null;

        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        var opening = new DateTimeOffset(local, offset);
        return IsOpen(opening, zone) ? opening : null;
    }

    private static TimeOnly? Time(string text) =>
        TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;
}
