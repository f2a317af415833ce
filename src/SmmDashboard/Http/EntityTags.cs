using SmmAgent.Contract;

namespace SmmDashboard.Http;

/// <summary>The header <c>If-None-Match</c>: a list of entity tags, or <c>*</c>. Compared weakly, as RFC 9110 asks for GET, and without a proxy's mark of compression.</summary>
public sealed class EntityTags
{
    private readonly HashSet<string> _tags = new(StringComparer.Ordinal);

    public EntityTags(IEnumerable<string?> headers)
    {
        foreach (var header in headers)
            Add(header ?? "");
    }

    public bool IsEmpty => _tags.Count == 0 && !MatchesAny;

    public bool MatchesAny { get; private set; }

    /// <param name="tag">A strong entity tag with its quotes.</param>
    public bool Match(string tag) => MatchesAny || _tags.Contains(tag);

    // Not split at commas: an opaque tag may contain one.
    private void Add(string header)
    {
        if (header.Trim() == "*")
        {
            MatchesAny = true;
            return;
        }

        for (var open = header.IndexOf('"', StringComparison.Ordinal); open >= 0;)
        {
            var close = header.IndexOf('"', open + 1);
            if (close < 0)
                return;

            var tag = header[open..(close + 1)];
            _tags.Add(tag);
            _tags.Add(ProxiedETag.Original(tag));
            open = header.IndexOf('"', close + 1);
        }
    }
}
