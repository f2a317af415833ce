using Microsoft.Net.Http.Headers;
using SmmAgent.Contract;

namespace SmmDashboard.Http;

/// <summary>The header <c>If-None-Match</c>: a list of entity tags, or <c>*</c>.</summary>
/// <remarks>Tags are compared weakly, as RFC 9110 requires for GET, and without the suffix of a proxy that compresses.</remarks>
public sealed class EntityTags
{
    private readonly HashSet<string> _tags = new(StringComparer.Ordinal);

    public EntityTags(IEnumerable<string?> headers)
    {
        // Malformed parts of a list are skipped.
        if (!EntityTagHeaderValue.TryParseList([.. headers.Select(header => header ?? "")], out var tags))
            return;

        foreach (var tag in tags)
        {
            var text = tag.Tag.ToString();
            MatchesAny = text == "*" && tags.Count == 1;
            _tags.Add(text);
            _tags.Add(ProxiedETag.Original(text));
        }
    }

    public bool IsEmpty => _tags.Count == 0;

    public bool MatchesAny { get; }

    /// <param name="tag">A strong entity tag with its quotes.</param>
    public bool Match(string tag) => MatchesAny || _tags.Contains(tag);
}
