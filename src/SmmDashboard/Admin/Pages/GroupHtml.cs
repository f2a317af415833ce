using SmmDashboard.Admin.Api;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Groups;

namespace SmmDashboard.Admin.Pages;

/// <summary>The list of WorkloadGroups, and the page of one.</summary>
internal static class GroupHtml
{
    public static string CreateList(GroupListAnswer groups, PageFrame frame)
    {
        var html = Layout.Begin("Groups", "/groups", frame, "");
        if (groups.Items.Count == 0)
        {
            html.Add($"<p class=\"none\" id=\"none\">{(frame.Viewer.SeesMesh
                ? "There is no WorkloadGroup."
                : "No namespace of yours has WorkloadGroups: you need the right to get workloadgroups.networking.istio.io.")}</p>\n");
            return Layout.End(html);
        }

        html.Add($"""
            <table role="table" class="cards"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Group</th>
            <th role="columnheader" scope="col">Service account</th><th role="columnheader" scope="col">Machines</th>
            <th role="columnheader" scope="col">Configuration</th></tr></thead><tbody role="rowgroup">

            """);
        foreach (var group in groups.Items)
        {
            var id = new GroupId(group.Namespace, group.Name);
            html.Add($"""
                <tr role="row"><th role="rowheader" scope="row" data-label="Group"><a id="group-{id}" href="{Paths.Group(id)}">{id}</a></th>
                <td role="cell" data-label="Account">{group.ServiceAccount}</td><td role="cell" data-label="Machines">{Counts(group.Counts)}</td>
                <td role="cell" data-label="State">{group.Fault ?? "served"}</td></tr>

                """);
        }

        html.Add($"</tbody></table>\n");
        return Layout.End(html);
    }

    public static string Create(GroupAnswer group, PageFrame frame)
    {
        var id = new GroupId(group.Namespace, group.Name);
        var query = Paths.Query(new MachineQuery { Namespace = group.Namespace, Group = group.Name });
        var html = Layout.Begin($"{id}", "/groups", frame, query);
        foreach (var problem in group.Problems.Concat(group.Fault is { } fault ? [fault] : []))
            html.Add($"<p class=\"fault\">{problem}</p>\n");
        html.Add($"""
            <dl class="facts"><dt>Machines</dt><dd><a id="machines" href="/machines{query}">{Counts(group.Counts)}</a></dd>
            <dt>Service account</dt><dd>{group.ServiceAccount}</dd><dt>Network</dt><dd>{(group.Network.Length == 0 ? "-" : group.Network)}</dd>
            <dt>Revision</dt><dd>{group.Revision}</dd>
            <dt>Ports</dt><dd>{string.Join(", ", group.Ports.Select(port => $"{port.Key} {port.Value}"))}</dd></dl>
            <h2>Add a VM</h2>

            """);
        for (var i = 0; i < group.AddMachine.Count; i++)
        {
            var command = group.AddMachine[i];
            html.Add($"""
                <p class="faint">{(command.Where == "VM" ? "On the VM, with the file bearer-token" : "As an administrator: makes the "
                    + "file bearer-token")}</p>
                <div class="command"><pre tabindex="0" aria-label="Command {i + 1}"><code id="command-{i}">{command.Command}</code></pre>
                <button type="button" data-copy="command-{i}" aria-label="Copy command {i + 1}" hidden>Copy</button></div>

                """);
        }

        MachineHtml.AddGateways(html, group.Gateways, "The configuration has no gateway.");
        return Layout.End(html);
    }

    private static string Counts(IReadOnlyDictionary<MachineState, int> counts)
    {
        var parts = counts.Where(count => count.Value > 0)
            .Select(count => $"{count.Value} {MachineListHtml.Word(count.Key).ToLowerInvariant()}").ToList();
        return parts.Count == 0 ? "none" : string.Join(", ", parts);
    }
}
