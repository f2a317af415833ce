using System.Globalization;

namespace SmmAgent.Linux.Systemd;

/// <summary>What systemctl prints.</summary>
internal static class SystemctlText
{
    public const string UnitProperties = "LoadState,ActiveState,SubState,UnitFileState";
    public const string ServiceProperties = $"{UnitProperties},MainPID,ExecMainStartTimestamp,NRestarts,Result,Environment";

    public static UnitState Unit(string name, string shown)
    {
        var properties = Properties(shown);
        return new(name, properties("LoadState"), properties("ActiveState"), properties("SubState"), properties("UnitFileState"));
    }

    public static ServiceState Service(string name, string shown)
    {
        var properties = Properties(shown);
        return new(
            Unit(name, shown), Number(properties("MainPID")), Time(properties("ExecMainStartTimestamp")), Number(properties("NRestarts")), properties("Result"))
        {
            // A value with blanks is quoted, and none that is looked for has one.
            Environment = properties("Environment").Split(' ', StringSplitOptions.RemoveEmptyEntries),
        };
    }

    /// <summary>systemd's word for how a job ended, and what it said where it made no job of it; null when it is something else that failed.</summary>
    public static (string Result, string? Said)? Ending(UnitJob job, string unit, string error)
    {
        var refusal = $"Failed to {Verb(job)} {unit}: ";
        foreach (var line in error.Split('\n'))
        {
            if (line.StartsWith($"Job for {unit} canceled", StringComparison.Ordinal))
                return ("canceled", null);
            if (line.StartsWith($"Job for {unit} timed out", StringComparison.Ordinal))
                return ("timeout", null);
            if (line.StartsWith($"Job for {unit} failed", StringComparison.Ordinal))
                return ("failed", null);
            if (line.StartsWith($"A dependency job for {unit} failed", StringComparison.Ordinal))
                return ("dependency", null);
            if (line.StartsWith($"Assertion failed on job for {unit}", StringComparison.Ordinal))
                return ("assert", null);
            // It speaks of the unit, or of the transaction; everything else is about the caller.
            if (line.StartsWith($"{refusal}Unit ", StringComparison.Ordinal) || line.StartsWith($"{refusal}Transaction ", StringComparison.Ordinal))
                return (JobOutcome.Refused, line[refusal.Length..]);
        }

        return null;
    }

    public static string Verb(UnitJob job) => job switch
    {
        UnitJob.Start => "start",
        UnitJob.Stop => "stop",
        _ => "restart",
    };

    private static Func<string, string> Properties(string shown)
    {
        var lines = shown.Split('\n');
        return name => lines.FirstOrDefault(line => line.StartsWith($"{name}=", StringComparison.Ordinal))?[(name.Length + 1)..].Trim() ?? "";
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0;

    // The second's end: what was written before the start must not look newer than it, because systemctl leaves the fraction out.
    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParseExact(
            text, "ddd yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var second)
            ? second.AddSeconds(1).AddTicks(-1)
            : null;
}
