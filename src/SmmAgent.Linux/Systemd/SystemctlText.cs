using System.Globalization;

namespace SmmAgent.Linux.Systemd;

/// <summary>Reads the output of systemctl.</summary>
internal static class SystemctlText
{
    public const string UnitProperties = "LoadState,ActiveState,SubState,UnitFileState";
    public const string ServiceProperties = $"{UnitProperties},MainPID,ExecMainStartTimestamp,NRestarts,Result,Environment";

    public static UnitState ParseUnit(string name, string shown)
    {
        var properties = Properties(shown);
        return new(name, properties("LoadState"), properties("ActiveState"), properties("SubState"), properties("UnitFileState"));
    }

    public static ServiceState ParseService(string name, string shown)
    {
        var properties = Properties(shown);
        return new(
            ParseUnit(name, shown),
            ParseNumber(properties("MainPID")),
            ParseTime(properties("ExecMainStartTimestamp")),
            ParseNumber(properties("NRestarts")),
            properties("Result"))
        {
            // A value with blanks is quoted. None of the variables that the agent reads has a blank.
            Environment = properties("Environment").Split(' ', StringSplitOptions.RemoveEmptyEntries),
        };
    }

    /// <summary>The end of a job as systemd calls it, and the message of systemd where it did not make a job.</summary>
    /// <returns>Null when something else failed.</returns>
    public static (string Result, string? Refusal)? ParseJobEnd(UnitJob job, string unit, string error)
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
            // It is about the unit, or about the transaction; every other text is about the caller.
            if (line.StartsWith($"{refusal}Unit ", StringComparison.Ordinal)
                || line.StartsWith($"{refusal}Transaction ", StringComparison.Ordinal))
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
        return name =>
            lines.FirstOrDefault(line => line.StartsWith($"{name}=", StringComparison.Ordinal))?[(name.Length + 1)..].Trim() ?? "";
    }

    private static int ParseNumber(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0;

    // The end of the second: systemctl leaves the fraction out, and a file that was written before the start must not seem newer.
    private static DateTimeOffset? ParseTime(string text) =>
        DateTimeOffset.TryParseExact(
            text, "ddd yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var second)
            ? second.AddSeconds(1).AddTicks(-1)
            : null;
}
