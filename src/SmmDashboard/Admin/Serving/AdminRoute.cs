using SmmDashboard.Admin.Pages;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Http;

namespace SmmDashboard.Admin.Serving;

/// <summary>A request of an admitted viewer, with the segments of the path that the route leaves open.</summary>
/// <param name="Context">The request.</param>
/// <param name="Frame">The viewer, and the version of the machines before the answer is made.</param>
/// <param name="Values">The open segments of the path.</param>
internal sealed record AdminRequest(HttpContext Context, PageFrame Frame, IReadOnlyList<string> Values)
{
    public Viewer Viewer => Frame.Viewer;
}

/// <summary>A path of the admin listener. A segment in braces matches any text.</summary>
/// <param name="Pattern">For example <c>/v1/groups/{namespace}/{name}</c>.</param>
/// <param name="AnswerAsync">Writes the response, or returns the problem to respond with.</param>
internal sealed record AdminRoute(string Pattern, Func<AdminRequest, Task<ApiProblem?>> AnswerAsync)
{
    private readonly string[] _segments = Pattern.Split('/');

    /// <summary>Whether programs read the answer; people read the other ones in a browser.</summary>
    public bool IsApi => Pattern.StartsWith("/v1/", StringComparison.Ordinal);

    /// <returns>The open segments; null when the path does not match.</returns>
    public IReadOnlyList<string>? Match(string path)
    {
        var parts = path.Split('/');
        if (parts.Length != _segments.Length)
            return null;

        var values = new List<string>();
        for (var i = 0; i < parts.Length; i++)
        {
            if (_segments[i].StartsWith('{') && parts[i].Length > 0)
                values.Add(parts[i]);
            else if (parts[i] != _segments[i])
                return null;
        }

        return values;
    }
}
