namespace SmmAgent.Contract;

/// <summary>Restores the entity tag of the server if a proxy compressed the response and changed the tag.</summary>
public static class ProxiedETag
{
    // Apache and Caddy, Jetty, and others; nginx makes the tag weak.
    private static readonly string[] Separators = ["--", "-", ";", ":", "+"];
    private static readonly string[] Codings = ["gzip", "br", "zstd", "deflate"];

    /// <summary><c>"abc"</c> of <c>W/"abc"</c>, <c>"abc-gzip"</c>, <c>"abc;br"</c> and the like.</summary>
    /// <param name="tag">An entity tag with its quotes, weak or strong.</param>
    public static string Original(string tag)
    {
        var strong = tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag;
        foreach (var separator in Separators)
            foreach (var coding in Codings)
            {
                var mark = $"{separator}{coding}\"";
                if (strong.EndsWith(mark, StringComparison.Ordinal) && strong.Length > mark.Length + 1)
                    return strong[..^mark.Length] + '"';
            }

        return strong;
    }
}
