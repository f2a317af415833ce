using SmmAgent.Core.Redaction;

namespace SmmAgent.Core.Sidecar.Logs;

/// <summary>The end of one of the sidecar's logs.</summary>
/// <param name="Written">When the file was last written to: the time of a last line that has none; null when that is not known.</param>
public sealed record SidecarLogText(string Text, DateTimeOffset? Written)
{
    public static SidecarLogText Empty { get; } = new("", null);
}

/// <summary>Finds in the sidecar's logs why it is not a member of the mesh.</summary>
public static class SidecarLog
{
    public const string ErrorFile = "/var/log/istio/istio.err.log";
    public const string File = "/var/log/istio/istio.log";

    /// <summary>The maximum number of shown characters of a line.</summary>
    public const int MostShown = 200;

    // The number of characters to show before the phrase of a failure, which contain the address.
    private const int ShownBefore = 100;

    // A refusal follows a connection immediately.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(10);

    // Several components log the same failure, each in its own words.
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(5);

    // The sidecar logs a lasting failure at each attempt, every few seconds.
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Quarter = TimeSpan.FromMinutes(15);
    private static readonly Redactor Redactor = new(new KnownSecrets([]));

    /// <summary>The newest failure that no success followed, of the sidecar's present run and of the log's last two minutes.</summary>
    /// <remarks>
    /// A failure that the sidecar logs only once, at its start (<see cref="SidecarFailure.IsLocal"/>), counts as long as it runs.
    /// </remarks>
    /// <param name="since">
    /// The start time of the sidecar's main process; earlier lines do not count. Null while none runs: then the last two minutes of the log
    /// count.
    /// </param>
    /// <param name="now">The time by the clock of the log.</param>
    /// <returns>Null when the logs have no failure.</returns>
    public static SidecarFailure? NewestFailure(SidecarLogText errors, SidecarLogText log, DateTimeOffset? since, DateTimeOffset now)
    {
        // A clock that was set back since the start has made everything older than it.
        var start = since > now ? null : since;
        // Lines from before the clock was set back have times in the future, and would count as the newest until then.
        var lines = Timed(errors).Concat(Timed(log)).Where(entry => entry.Time is null || entry.Time - now <= Settled)
            .OrderBy(entry => entry.Time ?? DateTimeOffset.MinValue).ToList();
        // While no process runs, nothing new is logged, so the last lines count.
        var end = start is null ? lines.LastOrDefault().Time ?? now : now;
        SidecarFailure? failure = null;
        foreach (var (time, line) in lines)
        {
            if (start is not null && (time is null || time < start))
                continue;

            if (SidecarFailurePatterns.Find(line) is { } sign)
                failure = Next(failure, new(sign.Kind, line) { Time = time, Since = time }, isRecent: time is null || end - time <= Recent);
            else if (failure is { } open && Ends(open.Kind, line, hasSettled: time is null || now - time >= Settled))
                failure = null;
        }

        return failure is null
            ? null
            : failure with { Line = Shown(failure.Line), Subject = SidecarFailurePatterns.Subject(failure.Kind, failure.Line) };
    }

    private static SidecarFailure? Next(SidecarFailure? before, SidecarFailure line, bool isRecent)
    {
        if (!isRecent && !line.IsLocal)
            return before;
        if (before is null || (before.Kind != line.Kind && !(before.Kind < line.Kind && line.Time - before.Time < Together)))
            return line;

        return before.Kind == line.Kind ? line with { Since = before.Since } : before;
    }

    /// <summary>Whether a line reports a success that the failure would have prevented.</summary>
    private static bool Ends(SidecarFailureKind kind, string line, bool hasSettled)
    {
        if (Has(line, "Envoy proxy is ready") || Has(line, "Envoy is ready!") || Has(line, "Readiness succeeded"))
            return true;
        if (Has(line, "new workload certificate"))
            return IsOfConnection(kind)
                || kind is SidecarFailureKind.TokenRefused or SidecarFailureKind.TokenUnreadable
                or SidecarFailureKind.OwnCertificateRefused;

        return (Has(line, "connected to upstream XDS server") || Has(line, "connected to delta upstream XDS server"))
            && (IsOfConnection(kind) || (hasSettled && kind != SidecarFailureKind.PortTaken));
    }

    private static bool IsOfConnection(SidecarFailureKind kind) =>
        kind is SidecarFailureKind.CertificateTime or SidecarFailureKind.OtherName
        or SidecarFailureKind.NotTrusted or SidecarFailureKind.NoSuchName or SidecarFailureKind.Unreachable;

    private static bool Has(string line, string words) => line.Contains(words, StringComparison.Ordinal);

    /// <summary>
    /// All lines with a time: their own, or that of the line before; at the end of the file, the time of the last write.
    /// </summary>
    private static IEnumerable<(DateTimeOffset? Time, string Line)> Timed(SidecarLogText log)
    {
        var lines = log.Text.Split('\n', '\r').Where(line => line.Length > 0).Select(SidecarLogLine.Read).ToList();
        var last = lines.FindLastIndex(line => line?.Time is not null);
        var shift = last >= 0 && last == lines.Count - 1 && lines[last] is { IsEnvoys: true }
            ? Shift(lines[last]!.Time, log.Written)
            : TimeSpan.Zero;
        DateTimeOffset? time = null;
        for (var i = 0; i < lines.Count; i++)
        {
            if (lines[i] is not { } line)
                continue;

            time = i > last ? log.Written ?? time : line.IsEnvoys ? Moved(line.Time, shift) ?? time : line.Time ?? time;
            yield return (time, line.Text);
        }
    }

    /// <summary>
    /// The offset to add to local times, derived from the last line and the time of the last write. Zones differ by multiples of a quarter
    /// of an hour.
    /// </summary>
    private static TimeSpan Shift(DateTimeOffset? last, DateTimeOffset? written)
    {
        if (written - last is not { } apart || apart.Duration() > TimeSpan.FromHours(15))
            return TimeSpan.Zero;

        var shift = Math.Round(apart / Quarter) * Quarter;
        return (apart - shift).Duration() < TimeSpan.FromMinutes(1) ? shift : TimeSpan.Zero;
    }

    private static DateTimeOffset? Moved(DateTimeOffset? time, TimeSpan shift) =>
        time is { } moment && moment.Year is > 1 and < 9999 ? moment + shift : time;

    /// <summary>The part of a line about the failure, without possible secrets.</summary>
    private static string Shown(string line)
    {
        // The redactor would mistake the reason for a token.
        var text = Redactor.Redact(line.Replace("istio-token: permission denied", "istio-token, permission denied",
            StringComparison.Ordinal));
        if (text.Length <= MostShown)
            return text;

        var at = SidecarFailurePatterns.Find(text)?.At ?? 0;
        var from = Math.Clamp(at - ShownBefore, 0, text.Length - MostShown);
        var to = from + MostShown;
        return $"{(from > 0 ? "..." : "")}{text[(from + Half(text, from))..(to - Half(text, to))].Trim()}{(to < text.Length ? "..." : "")}";
    }

    // 1 between the two halves of a surrogate pair, which is left out as a whole.
    private static int Half(string text, int at) => at < text.Length && char.IsLowSurrogate(text[at]) ? 1 : 0;
}
