using SmmDashboard.Admin.Machines;
using SmmDashboard.Admin.Viewers;

namespace SmmDashboard.Admin.Pages;

/// <summary>The list of machines.</summary>
internal static class MachineListHtml
{
    public static string Create(MachineQuery query, MachinePage page, PageFrame frame)
    {
        var events = Paths.Query(query with { After = null, State = null, Limit = MachineQuery.DefaultLimit });
        var html = Layout.Begin("Machines", "/machines", frame, events, head => AddFilters(head, query));
        AddCounts(html, query, page);
        if (page.Entries.Count == 0)
            AddNone(html, query, frame.Viewer);
        else
            AddTable(html, page.Entries);
        AddPaging(html, query, page);
        return Layout.End(html);
    }

    /// <summary>The name of a state for people.</summary>
    public static string Word(MachineState state) => state == MachineState.NotAttached ? "Not attached" : $"{state}";

    /// <summary>Adds a state as a symbol and a word, so that it does not depend on a colour.</summary>
    public static void AddState(Html html, MachineState state)
    {
        var symbol = state switch
        {
            MachineState.Attached => "✓",
            MachineState.Degraded => "!",
            MachineState.NotAttached => "✗",
            MachineState.Starting => "↻",
            MachineState.Silent => "…",
            MachineState.Detached => "–",
            _ => "?",
        };
        html.Add($"<span class=\"state {$"{state}".ToLowerInvariant()}\"><span aria-hidden=\"true\">{symbol}</span> {Word(state)}</span>");
    }

    /// <summary>Adds a table of machines.</summary>
    public static void AddTable(Html html, IReadOnlyList<MachineEntry> entries)
    {
        html.Add($"""
            <table role="table" class="machines"><caption class="unseen">Machines</caption>
            <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Name</th><th role="columnheader" scope="col">Group</th>
            <th role="columnheader" scope="col">Address</th><th role="columnheader" scope="col">State</th>
            <th role="columnheader" scope="col">Reason</th><th role="columnheader" scope="col">Agent</th>
            <th role="columnheader" scope="col">Sidecar</th><th role="columnheader" scope="col">Last seen</th></tr></thead>
            <tbody role="rowgroup">

            """);
        foreach (var entry in entries)
            AddRow(html, entry);
        html.Add($"</tbody></table>\n");
    }

    private static void AddRow(Html html, MachineEntry entry)
    {
        var (machine, verdict) = (entry.Machine, entry.Verdict);
        html.Add($"""
            <tr role="row" id="row-{machine.Id}"><th role="rowheader" scope="row" data-label="Name"><a id="machine-{machine.Id}" href="{Paths.Machine(machine)}">{machine.Name}</a></th>
            <td role="cell" data-label="Group"><a id="group-{machine.Id}" href="{Paths.Group(machine.Group)}">{machine.Group}</a></td>
            <td role="cell" data-label="Address">{machine.Address}</td><td role="cell" data-label="State">
            """);
        AddState(html, verdict.State);
        html.Add($"</td><td role=\"cell\" data-label=\"Reason\">");
        if (verdict.State is not (MachineState.Attached or MachineState.Detached))
            html.Add($"{(verdict.Condition.Length > 0 ? $"{verdict.Condition}: {verdict.Reason}" : verdict.Reason)}");
        html.Add($"""
            </td><td role="cell" data-label="Agent">{machine.AgentVersion}</td><td role="cell" data-label="Sidecar">{machine.SidecarVersion ?? "-"}</td>
            <td role="cell" data-label="Last seen">
            """);
        Layout.AddTime(html, machine.LastSeen);
        html.Add($"</td></tr>\n");
    }

    private static void AddFilters(Html html, MachineQuery query)
    {
        html.Add($"""
            <form role="search" method="get" action="/machines" class="filters">
            <label>Search <input type="search" id="search" name="q" value="{query.Search}" maxlength="{MachineQuery.LongestText}"
             placeholder="name, address, version, reason"></label>
            <label>Namespace <input name="namespace" id="namespace" value="{query.Namespace}" maxlength="63"></label>
            <label>Group <input name="group" id="group" value="{query.Group}" maxlength="253"></label>

            """);
        if (query.State is { } selected)
            html.Add($"<input type=\"hidden\" name=\"state\" value=\"{selected}\">");
        html.Add($"<button type=\"submit\">Filter</button></form>\n");
    }

    private static void AddCounts(Html html, MachineQuery query, MachinePage page)
    {
        html.Add($"<ul class=\"counts\" aria-label=\"States\">\n");
        AddCount(html, query with { State = null }, query.State is null, "All", page.Counts.Sum());
        foreach (var state in Enum.GetValues<MachineState>())
            AddCount(html, query with { State = state }, query.State == state, Word(state), page.CountOf(state));
        html.Add($"</ul>\n");
        var summary = string.Join(", ", Enum.GetValues<MachineState>().Where(state => page.CountOf(state) > 0)
            .Select(state => $"{page.CountOf(state)} {Word(state).ToLowerInvariant()}"));
        html.Add($"<p id=\"summary\" class=\"unseen\">{(summary.Length == 0 ? "no machines" : summary)}</p>\n");
    }

    private static void AddCount(Html html, MachineQuery query, bool isCurrent, string name, int count)
    {
        var path = $"/machines{Paths.Query(query with { After = null })}";
        html.Add($"<li><a id=\"state-{query.State?.ToString() ?? "All"}\" href=\"{path}\"");
        if (isCurrent)
            html.Add($" aria-current=\"true\"");
        html.Add($">{name} <strong>{count}</strong></a></li>\n");
    }

    private static void AddNone(Html html, MachineQuery query, Viewer viewer)
    {
        var isFiltered = query.Search is not null || query.Namespace is not null || query.Group is not null || query.State is not null;
        html.Add($"<p class=\"none\" id=\"none\">{(
            viewer.MachineNamespaces is { Count: 0 } ? "No namespace of yours has machines: you need the right to get "
                + "attachedmachines.smm-agent.io in a namespace."
            : isFiltered ? "No machine matches the filter." : "No machine has reported yet.")}</p>\n");
    }

    private static void AddPaging(Html html, MachineQuery query, MachinePage page)
    {
        html.Add($"<nav aria-label=\"Pages of the list\" class=\"paging\"><span>{page.Entries.Count} of {page.Total} machines</span>");
        if (query.After is not null)
            html.Add($" <a id=\"first-page\" href=\"/machines{Paths.Query(query with { After = null })}\">First page</a>");
        if (page.Continue is { } next)
            html.Add($" <a id=\"next-page\" href=\"/machines{Paths.Query(query with { After = null }, next)}\">Next page</a>");
        html.Add($"</nav>\n");
    }
}
