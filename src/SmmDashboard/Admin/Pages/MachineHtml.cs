using SmmDashboard.Admin.Api;
using SmmDashboard.Groups;

namespace SmmDashboard.Admin.Pages;

/// <summary>The page of one machine.</summary>
internal static class MachineHtml
{
    public static string Create(MachineAnswer machine, PageFrame frame)
    {
        var html = Layout.Begin(machine.Name, "/machines", frame, $"?machine={Uri.EscapeDataString(machine.Uuid)}");
        html.Add($"<p id=\"verdict\">");
        MachineListHtml.AddState(html, machine.State);
        // Without a condition, the reason only repeats the state.
        var cause = machine.Condition.Length > 0 ? $" {machine.Condition}: {machine.Reason}" : "";
        html.Add($"{cause}</p>\n<p id=\"summary\" class=\"unseen\">{MachineListHtml.Word(machine.State)}{cause}</p>\n");
        AddFacts(html, machine);
        AddConditions(html, machine);
        AddGateways(html, machine.Gateways, frame.Viewer.SeesGroups(machine.Namespace)
            ? "The WorkloadGroup has no gateway: the machine is in the network of the cluster."
            : "You need the right to get workloadgroups.networking.istio.io in this namespace to see the gateways and the ports of "
                + "the group.");
        AddPorts(html, machine);
        AddHistory(html, machine);
        return Layout.End(html);
    }

    /// <summary>Adds a table of gateways.</summary>
    public static void AddGateways(Html html, IReadOnlyList<SmmAgent.Contract.MeshExpansionGateway> gateways, string none)
    {
        html.Add($"<h2>Gateways</h2>\n");
        if (gateways.Count == 0)
        {
            html.Add($"<p class=\"none\">{none}</p>\n");
            return;
        }

        html.Add($"""
            <table role="table" class="cards"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Gateway</th>
            <th role="columnheader" scope="col">Addresses</th><th role="columnheader" scope="col">Ports</th></tr></thead><tbody role="rowgroup">

            """);
        foreach (var gateway in gateways)
        {
            html.Add($"""
                <tr role="row"><th role="rowheader" scope="row" data-label="Gateway">{gateway.Name}</th>
                <td role="cell" data-label="Addresses">{(gateway.Addresses.Count == 0 ? "none yet" : string.Join(", ", gateway.Addresses))}</td>
                <td role="cell" data-label="Ports">{string.Join(", ", gateway.Ports.Select(port => $"{port.Port} {port.Name}"))}</td></tr>

                """);
        }

        html.Add($"</tbody></table>\n");
    }

    /// <summary>Adds a text with commands between backticks.</summary>
    public static void AddText(Html html, string text)
    {
        var parts = text.Split('`');
        for (var i = 0; i < parts.Length; i++)
        {
            if (i % 2 == 1 && i < parts.Length - 1)
                html.Add($"<code>{parts[i]}</code>");
            else
                html.Add($"{parts[i]}");
        }
    }

    private static void AddFacts(Html html, MachineAnswer machine)
    {
        var group = new GroupId(machine.Namespace, machine.Group);
        html.Add($"""
            <dl class="facts"><dt>WorkloadGroup</dt><dd><a id="group" href="{Paths.Group(group)}">{group}</a></dd>
            <dt>Address</dt><dd>{machine.Address ?? "not known"}</dd>
            <dt>Agent</dt><dd>{machine.AgentVersion}</dd><dt>Sidecar</dt><dd>{machine.SidecarVersion ?? "not installed, or not known"}</dd>
            <dt>Operating system</dt><dd>{machine.OperatingSystem}</dd>
            <dt>Interfaces</dt><dd>{string.Join(", ", machine.InterfaceAddresses)}</dd>

            """);
        if (machine.WorkloadEntry is { } entry)
            html.Add($"<dt>WorkloadEntry</dt><dd>{entry}</dd>");
        if (machine.ConnectedTo is { } replica)
            html.Add($"<dt>Reports to</dt><dd>{replica}</dd>");
        html.Add($"<dt>Uuid</dt><dd><code>{machine.Uuid}</code></dd><dt>Last seen</dt><dd>");
        Layout.AddTime(html, machine.LastSeen);
        html.Add($"</dd></dl>\n");
    }

    private static void AddConditions(Html html, MachineAnswer machine)
    {
        html.Add($"<h2>Conditions</h2>\n");
        if (machine.Conditions.Count == 0)
        {
            html.Add($"<p class=\"none\">The last report has no conditions.</p>\n");
            return;
        }

        html.Add($"""
            <table role="table" class="cards"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Condition</th>
            <th role="columnheader" scope="col">Status</th><th role="columnheader" scope="col">Reason</th>
            <th role="columnheader" scope="col">Message and fix</th><th role="columnheader" scope="col">Since</th></tr></thead><tbody role="rowgroup">

            """);
        foreach (var condition in machine.Conditions)
        {
            html.Add($"""
                <tr role="row" id="condition-{condition.Type}"><th role="rowheader" scope="row" data-label="Condition">{condition.Type}</th>
                <td role="cell" data-label="Status"><span class="state {condition.Status.ToLowerInvariant()}">{condition.Status}</span></td>
                <td role="cell" data-label="Reason">{condition.Reason}</td><td role="cell" data-label="Message"><div>{condition.Message}
                """);
            if (condition.Fix is { Length: > 0 } fix && fix != "nothing" && machine.IsExpected(condition))
            {
                html.Add($"<p class=\"fix\"><strong>Fix:</strong> ");
                AddText(html, fix);
                html.Add($"</p>");
            }

            html.Add($"</div></td><td role=\"cell\" data-label=\"Since\">");
            Layout.AddTime(html, condition.LastTransitionTime);
            html.Add($"</td></tr>\n");
        }

        html.Add($"</tbody></table>\n");
    }

    private static void AddPorts(Html html, MachineAnswer machine)
    {
        html.Add($"<h2>Ports</h2>\n<p class=\"faint\">");
        if (machine.DialledAt is { } at)
        {
            html.Add($"The cluster dialled the machine ");
            Layout.AddTime(html, at);
            html.Add($".");
        }
        else
        {
            html.Add($"This replica of the dashboard has not dialled the machine since it was started; see ReachableFromCluster.");
        }

        html.Add($"""
            </p>
            <table role="table" class="cards"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Port</th>
            <th role="columnheader" scope="col">Name</th><th role="columnheader" scope="col">From the cluster</th></tr></thead><tbody role="rowgroup">

            """);
        foreach (var port in machine.Ports)
        {
            var (word, text) = port.Reachable switch
            {
                true => ("true", port.LatencyMs is { } latency ? $"reached in {latency} ms" : "reached"),
                false => ("false", $"not reached: {port.Error}"),
                null => ("faint", "not dialled"),
            };
            html.Add($"""
                <tr role="row"><th role="rowheader" scope="row" data-label="Port">{port.Port}</th><td role="cell" data-label="Name">{port.Name}</td>
                <td role="cell" data-label="Dial-back"><span class="{word}">{text}</span></td></tr>

                """);
        }

        html.Add($"</tbody></table>\n");
    }

    private static void AddHistory(Html html, MachineAnswer machine)
    {
        html.Add($"<h2>History</h2>\n");
        if (machine.History.Count == 0)
        {
            html.Add($"<p class=\"none\">No condition has changed since the dashboard was started.</p>\n");
            return;
        }

        html.Add($"""
            <table role="table" class="cards" id="history"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Time</th>
            <th role="columnheader" scope="col">Condition</th><th role="columnheader" scope="col">From</th>
            <th role="columnheader" scope="col">To</th></tr></thead><tbody role="rowgroup">

            """);
        foreach (var change in machine.History)
        {
            html.Add($"<tr role=\"row\"><td role=\"cell\" data-label=\"Time\">");
            Layout.AddTime(html, change.At);
            html.Add($"""
                </td><th role="rowheader" scope="row" data-label="Condition">{change.Type}</th>
                <td role="cell" data-label="From">{(change.FromStatus is null ? "not reported" : $"{change.FromStatus} {change.FromReason}")}</td>
                <td role="cell" data-label="To">{(change.ToStatus is null ? "not reported" : $"{change.ToStatus} {change.ToReason}")}</td></tr>

                """);
        }

        html.Add($"</tbody></table>\n");
    }
}
