using System.Globalization;
using SmmAgent.Contract;
using SmmDashboard.Admin.Viewers;

namespace SmmDashboard.Admin.Pages;

/// <summary>What every page shows: the viewer, and the version of the machines and the mesh that the page is made of.</summary>
internal sealed record PageFrame(Viewer Viewer, long Version);

/// <summary>The parts that every page has.</summary>
internal static class Layout
{
    /// <summary>Begins a page.</summary>
    /// <param name="title">The title of the page.</param>
    /// <param name="current">The path of the menu entry that the page belongs to; empty for none.</param>
    /// <param name="frame">The viewer and the version of what is shown; null before the sign-in.</param>
    /// <param name="events">The query of the event stream that reports changes of the page; null for a page that does not change.</param>
    /// <param name="head">Adds what stays when the page is updated, for example a form.</param>
    public static Html Begin(string title, string current, PageFrame? frame, string? events = null, Action<Html>? head = null)
    {
        var html = new Html();
        html.Add($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{title} - smm-dashboard</title>
            <link rel="icon" href="/assets/icon.svg">
            <link rel="stylesheet" href="/assets/style.css">
            <script src="/assets/live.js" defer></script>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the content</a>
            <header class="bar">
            <a class="home" href="/machines">smm-dashboard</a>

            """);
        if (frame is not null)
        {
            html.Add($"<nav aria-label=\"Pages\"><ul>");
            foreach (var (path, name) in ((string, string)[])[("/machines", "Machines"), ("/groups", "Groups"), ("/mesh", "Mesh")])
            {
                if (path == current)
                    html.Add($"<li><a href=\"{path}\" aria-current=\"page\">{name}</a></li>");
                else
                    html.Add($"<li><a href=\"{path}\">{name}</a></li>");
            }

            html.Add($"</ul></nav>");
        }

        html.Add($"<p id=\"connection\" class=\"connection\" role=\"status\"></p>");
        if (frame is { Viewer.Name.Length: > 0 })
        {
            html.Add($"""
                <form method="post" action="/sign-out" class="account"><span>{frame.Viewer.Name}</span>
                <button type="submit">Sign out</button></form>
                """);
        }

        html.Add($"</header>\n<main id=\"main\" tabindex=\"-1\"");
        if (events is not null)
            html.Add($" data-events=\"/v1/events{events}\"");
        html.Add($">\n<h1>{title}</h1>\n<p id=\"announcement\" class=\"unseen\" role=\"status\"></p>\n");
        head?.Invoke(html);
        html.Add($"<div id=\"live\" data-version=\"{frame?.Version ?? 0}\">\n");
        return html;
    }

    public static string End(Html html) => html.Add($"</div>\n</main>\n</body>\n</html>\n").ToString();

    /// <summary>Adds a time: readable as it is, and relative with the script.</summary>
    public static void AddTime(Html html, DateTimeOffset time)
    {
        var utc = time.UtcDateTime;
        var exact = TimeText.Format(time);
        html.Add(
            $"<time datetime=\"{exact}\" title=\"{exact}\">{utc.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC</time>");
    }
}
