using SmmAgent.Contract;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Admin.Mesh;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Agents;
using SmmDashboard.DialBack;
using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.Admin.Api;

/// <summary>Reads what a viewer may see, for the pages and for the JSON answers.</summary>
public sealed class AdminReader(MachineIndex index, IMachineSource source, CurrentMesh mesh, IMeshView view, DialBackResults dialBacks)
{
    /// <summary>The version of the machines and the mesh.</summary>
    public long Version => index.Current.Version;

    public MachinePage Select(MachineQuery query, Viewer viewer) => query.Select(index.Current.Entries, viewer);

    public static MachineItem Item(MachineEntry entry) => new()
    {
        Namespace = entry.Machine.Group.Namespace,
        Group = entry.Machine.Group.Name,
        Uuid = entry.Machine.Id,
        Name = Line(entry.Machine.Name),
        Address = entry.Machine.Address?.ToString(),
        State = entry.Verdict.State,
        Condition = entry.Verdict.Condition,
        Reason = entry.Verdict.Reason,
        AgentVersion = Line(entry.Machine.AgentVersion),
        SidecarVersion = entry.Machine.SidecarVersion is { } sidecar ? Line(sidecar) : null,
        LastSeen = entry.Machine.LastSeen,
    };

    public static MachineListAnswer List(MachinePage page) =>
        new([.. page.Entries.Select(Item)], page.Total, Counts(page.Counts), page.Continue);

    /// <summary>Reads a machine; null when it does not exist or the viewer may not see it.</summary>
    /// <exception cref="UnavailableException">The machine cannot be read now.</exception>
    public async ValueTask<MachineAnswer?> MachineAsync(GroupId group, string idOrName, Viewer viewer, CancellationToken cancellationToken)
    {
        if (!viewer.SeesMachines(group.Namespace) || index.Current.Find(group, idOrName) is not { } entry)
            return null;

        var report = await source.ReadAsync(group, entry.Machine.Id, cancellationToken) ?? new MachineReportView();
        var item = Item(entry);
        var dialled = dialBacks.Find(group, entry.Machine.Id);
        var config = viewer.SeesGroups(group.Namespace) ? mesh.Find(group)?.Entry.Served?.Config : null;
        return new MachineAnswer
        {
            Namespace = item.Namespace, Group = item.Group, Uuid = item.Uuid, Name = item.Name, Address = item.Address, State = item.State,
            Condition = item.Condition, Reason = item.Reason, AgentVersion = item.AgentVersion, SidecarVersion = item.SidecarVersion,
            LastSeen = item.LastSeen,
            OperatingSystem = Line(report.OperatingSystem),
            InterfaceAddresses = [.. report.InterfaceAddresses.Select(Line)],
            WorkloadEntry = report.WorkloadEntry,
            ConnectedTo = report.ConnectedTo,
            // What needs attention comes first; otherwise the order is the agent's.
            Conditions = [.. report.Conditions.OrderByDescending(Urgency).Select(Condition)],
            Ports = [.. Ports(config, dialled)],
            DialledAt = dialled?.At,
            Gateways = config?.MeshExpansionGateways ?? [],
            History = [.. entry.History.Reverse().Select(History)],
        };
    }

    public GroupListAnswer Groups(Viewer viewer)
    {
        var counts = CountByGroup();
        return new([
            .. mesh.Entries.Where(entry => viewer.SeesGroups(entry.Id.Namespace))
                .OrderBy(entry => entry.Id.Namespace, StringComparer.Ordinal).ThenBy(entry => entry.Id.Name, StringComparer.Ordinal)
                .Select(entry => new GroupItem
                {
                    Namespace = entry.Id.Namespace, Name = entry.Id.Name, ServiceAccount = entry.Account.Name, Fault = entry.Fault,
                    Counts = CountsOf(counts, entry.Id, viewer),
                }),
        ]);
    }

    /// <summary>Reads a WorkloadGroup; null when it does not exist or the viewer may not see it.</summary>
    public GroupAnswer? Group(GroupId id, Viewer viewer)
    {
        if (!viewer.SeesGroups(id.Namespace) || mesh.Find(id)?.Entry is not { } entry)
            return null;

        var config = entry.Served?.Config;
        return new GroupAnswer
        {
            Namespace = id.Namespace, Name = id.Name, ServiceAccount = entry.Account.Name, Fault = entry.Fault,
            Counts = CountsOf(CountByGroup(), id, viewer),
            Network = config?.WorkloadGroup.Network ?? "",
            Ports = config?.WorkloadGroup.Ports ?? new Dictionary<string, int>(),
            Revision = config?.Mesh.RevisionLabel() ?? "",
            Gateways = config?.MeshExpansionGateways ?? [],
            Problems = config?.Problems ?? [],
            AddMachine = AddMachineCommands.Create(id, mesh.Settings.PublicUrl, view.TokenCommand(entry.Account)),
        };
    }

    public MeshAnswer Mesh(Viewer viewer) => new(
        viewer.SeesMesh ? mesh.Settings.PublicUrl : "",
        viewer.SeesMesh ? view.ControlPlanes : [],
        [
            .. view.Faults.Where(fault => fault.Group is { } group ? viewer.SeesGroups(group.Namespace) : viewer.SeesWholeMesh)
                .Select(fault => new MeshFaultItem(Line(fault.Source), Line(fault.Message))),
        ]);

    private static string Line(string text) => OneLine.ReplaceUnprintable(text, '?', 1024);

    private static MachineConditionItem Condition(Condition condition)
    {
        var isBad = ConditionState.From(condition).IsBad || condition.Status == "Unknown";
        return new(
            condition.Type, condition.Status, condition.Reason, Line(condition.Message), condition.LastTransitionTime,
            isBad ? ConditionReference.BuiltIn.Find(condition.Type, condition.Reason)?.MarkedAction : null);
    }

    private static int Urgency(Condition condition) =>
        condition.Status == "False" ? 3 : ConditionState.From(condition).IsBad ? 2 : condition.Status == "Unknown" ? 1 : 0;

    private static IEnumerable<MachinePortItem> Ports(MeshConfig? config, DialBackRecord? dialled)
    {
        var ports = new List<(string Name, int Port)>
        {
            ("smm-agent", DashboardApi.AgentPort), ("sidecar metrics", DashboardApi.SidecarMetricsPort),
        };
        ports.AddRange((config?.WorkloadGroup.Ports ?? new Dictionary<string, int>()).OrderBy(port => port.Value)
            .Select(port => (port.Key, port.Value)));
        foreach (var (name, port) in ports)
        {
            var result = dialled?.Results.FirstOrDefault(result => result.Port == port);
            yield return new(name, port, result?.Reachable, result?.LatencyMs, result?.Error);
        }
    }

    private static TransitionItem History(Transition transition) => new(
        transition.At, (transition.After ?? transition.Before)!.Type, transition.Before?.Status, transition.Before?.Reason,
        transition.After?.Status, transition.After?.Reason);

    private Dictionary<GroupId, int[]> CountByGroup()
    {
        var counts = new Dictionary<GroupId, int[]>();
        foreach (var entry in index.Current.Entries)
        {
            if (!counts.TryGetValue(entry.Machine.Group, out var own))
                counts[entry.Machine.Group] = own = new int[Enum.GetValues<MachineState>().Length];
            own[(int)entry.Verdict.State]++;
        }

        return counts;
    }

    private static Dictionary<MachineState, int> CountsOf(Dictionary<GroupId, int[]> counts, GroupId group, Viewer viewer) =>
        Counts(viewer.SeesMachines(group.Namespace) && counts.TryGetValue(group, out var own)
            ? own
            : new int[Enum.GetValues<MachineState>().Length]);

    private static Dictionary<MachineState, int> Counts(IReadOnlyList<int> counts) =>
        Enum.GetValues<MachineState>().ToDictionary(state => state, state => counts[(int)state]);
}
