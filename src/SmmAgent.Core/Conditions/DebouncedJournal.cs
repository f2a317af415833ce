namespace SmmAgent.Core.Conditions;

/// <summary>The meaning of a state for the readers of the journal.</summary>
public enum JournalState
{
    /// <summary>As it should be.</summary>
    Well,

    /// <summary>Something that an operator must know, unless it ends soon.</summary>
    Bad,

    /// <summary>Neither: it ends no bad state.</summary>
    Unknown,

    /// <summary>Not evaluated yet: not worth a line, and it ends no bad state.</summary>
    Pending,

    /// <summary>Not of interest, for example because it is switched off. It ends a bad state.</summary>
    Silent,
}

/// <summary>The level of a line, as syslog has it.</summary>
public enum JournalLevel
{
    Debug,
    Information,
    Notice,
    Warning,
}

/// <summary>The present state of one subject.</summary>
/// <param name="Subject">What it is about, such as a condition's type.</param>
/// <param name="Key">Distinguishes this state from others of the subject; another text under the same key is not a change.</param>
public sealed record JournalEntry<T>(string Subject, string Key, JournalState State, T Value);

/// <summary>One line to write.</summary>
/// <param name="Lasted">How long the subject had been bad; null unless this line ends that.</param>
/// <param name="Unwritten">How many changes since the last line were not written; null unless this line is the hourly summary.</param>
public sealed record JournalLine<T>(JournalLevel Level, JournalState State, T Value, TimeSpan? Lasted = null, int? Unwritten = null);

/// <summary>
/// Decides which changes of states are written to the journal. A bad state is information at once and a warning when it has lasted
/// <see cref="Patience"/>; the end of a bad state that was a warning is a notice. Within one bad time each state is written once; what
/// comes again is counted in a summary per <see cref="SummaryInterval"/>.
/// </summary>
/// <remarks>Times are those of a monotonic clock. One writer.</remarks>
public sealed class DebouncedJournal<T>
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static readonly TimeSpan SummaryInterval = TimeSpan.FromHours(1);

    /// <summary>How long a subject that was bad twice within <see cref="SummaryInterval"/> must be well before that is a notice.</summary>
    public static readonly TimeSpan SecondRecovery = TimeSpan.FromMinutes(2);

    private readonly Dictionary<string, string> _last = [];
    private readonly Dictionary<string, TimeSpan> _recovered = [];
    private readonly Dictionary<string, BadTime> _bad = [];

    /// <summary>Takes the states of all subjects. One that is not among them any more is forgotten, unless <see cref="IsBad"/>.</summary>
    /// <returns>The lines to write now.</returns>
    public IReadOnlyList<JournalLine<T>> Update(IEnumerable<JournalEntry<T>> entries, TimeSpan now)
    {
        List<JournalLine<T>> lines = [];
        HashSet<string> subjects = [];
        foreach (var entry in entries)
        {
            subjects.Add(entry.Subject);
            var isNew = _last.GetValueOrDefault(entry.Subject) != entry.Key;
            _last[entry.Subject] = entry.Key;
            if (_bad.TryGetValue(entry.Subject, out var bad))
                lines.AddRange(During(bad, entry, isNew, now));
            else if (isNew)
                lines.Add(First(entry, now));
        }

        foreach (var gone in _last.Keys.Where(subject => !subjects.Contains(subject) && !IsBad(subject)).ToList())
            _last.Remove(gone);
        foreach (var old in _recovered.Where(recovered => now - recovered.Value >= SummaryInterval)
            .Select(recovered => recovered.Key).ToList())
            _recovered.Remove(old);
        return lines;
    }

    /// <summary>Whether the subject's bad time continues. Until it ends, the subject must be passed to each update.</summary>
    public bool IsBad(string subject) => _bad.ContainsKey(subject);

    /// <summary>How many subjects it remembers.</summary>
    internal int Remembered => _last.Keys.Union(_bad.Keys).Union(_recovered.Keys).Count();

    /// <summary>When <see cref="Update"/> has a line to write although nothing changes; null for never.</summary>
    public TimeSpan? DueIn(TimeSpan now)
    {
        var due = _bad.Values.Select(bad => bad.Due).OfType<TimeSpan>().ToList();
        return due.Count == 0 ? null : due.Min() is var next && next > now ? next - now : TimeSpan.Zero;
    }

    private JournalLine<T> First(JournalEntry<T> entry, TimeSpan now)
    {
        if (entry.State == JournalState.Bad)
        {
            var isSecond = _recovered.TryGetValue(entry.Subject, out var recovered) && now - recovered < SummaryInterval;
            var bad = new BadTime(now, isSecond ? SecondRecovery : TimeSpan.Zero);
            bad.State(entry.State, entry.Key, isNew: true, now);
            bad.IsFirst(entry.Key);
            _bad[entry.Subject] = bad;
        }

        return new(entry.State is JournalState.Silent or JournalState.Pending ? JournalLevel.Debug : JournalLevel.Information, entry.State,
            entry.Value);
    }

    private IEnumerable<JournalLine<T>> During(BadTime bad, JournalEntry<T> entry, bool isNew, TimeSpan now)
    {
        if (!bad.IsWarned && entry.State is JournalState.Well or JournalState.Silent)
        {
            _bad.Remove(entry.Subject);
            return [First(entry, now)];
        }

        bad.State(entry.State, entry.Key, isNew, now);
        if (bad.IsOver(now))
        {
            _bad.Remove(entry.Subject);
            _recovered[entry.Subject] = now;
            return [new(JournalLevel.Notice, entry.State, entry.Value, Lasted: now - bad.Since)];
        }

        if (bad.Warns(now))
            return [new(JournalLevel.Warning, entry.State, entry.Value)];
        if (bad.Summary(now) is { } unwritten)
            return [new(JournalLevel.Warning, entry.State, entry.Value, Unwritten: unwritten)];
        return isNew && entry.State != JournalState.Pending && bad.IsFirst(entry.Key)
            ? [new(JournalLevel.Information, entry.State, entry.Value)]
            : [];
    }

    /// <summary>The time in which a subject is bad.</summary>
    /// <param name="recovery">How long it must be well until that is over.</param>
    private sealed class BadTime(TimeSpan since, TimeSpan recovery)
    {
        private readonly HashSet<string> _written = [];
        private readonly HashSet<string> _warned = [];
        private JournalState _state;
        private string _key = "";
        private TimeSpan _keySince;
        private TimeSpan? _wellSince;
        private TimeSpan _summarized;
        private int _unwritten;

        public TimeSpan Since => since;

        public bool IsWarned => _warned.Count > 0;

        private TimeSpan? WarningDue =>
            _state != JournalState.Bad || _warned.Contains(_key) ? null : (IsWarned ? _keySince : since) + Patience;

        private TimeSpan? SummaryDue => IsWarned && _unwritten > 0 ? _summarized + SummaryInterval : null;

        public TimeSpan? Due => new[] { WarningDue, SummaryDue, _wellSince + recovery }.Min();

        public void State(JournalState state, string key, bool isNew, TimeSpan now)
        {
            _state = state;
            _wellSince = state is JournalState.Well or JournalState.Silent ? _wellSince ?? now : null;
            if (!isNew)
                return;

            (_key, _keySince) = (key, now);
            if (_written.Contains(key) || _wellSince is not null)
                _unwritten++;
        }

        public bool IsOver(TimeSpan now) => now >= _wellSince + recovery;

        /// <summary>Whether this state must be written; if so, it counts as written.</summary>
        public bool IsFirst(string key) => _wellSince is null && _written.Add(key);

        /// <summary>Whether the warning is due; if so, it counts as written.</summary>
        public bool Warns(TimeSpan now)
        {
            if (!(now >= WarningDue))
                return false;
            if (!IsWarned)
                _summarized = now;
            _written.Add(_key);
            return _warned.Add(_key);
        }

        /// <summary>How many changes the summary counts; null while none is due.</summary>
        public int? Summary(TimeSpan now)
        {
            if (!(now >= SummaryDue))
                return null;
            var unwritten = _unwritten;
            (_unwritten, _summarized) = (0, now);
            return unwritten;
        }
    }
}
