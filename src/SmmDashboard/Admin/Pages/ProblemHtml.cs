using SmmDashboard.Admin.Viewers;
using SmmDashboard.Http;

namespace SmmDashboard.Admin.Pages;

/// <summary>An error as a page.</summary>
internal static class ProblemHtml
{
    public static string Create(ApiProblem problem, Viewer? viewer)
    {
        var html = Layout.Begin(problem.Title, "", viewer is null ? null : new PageFrame(viewer, 0));
        html.Add($"<p class=\"fault\">{problem.Detail}</p>\n<p><a href=\"/machines\">All machines</a></p>\n");
        return Layout.End(html);
    }
}
