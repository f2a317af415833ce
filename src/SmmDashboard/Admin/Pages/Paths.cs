using System.Globalization;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Agents;
using SmmDashboard.Groups;

namespace SmmDashboard.Admin.Pages;

/// <summary>The paths of pages, escaped for a URL.</summary>
internal static class Paths
{
    public static string Machine(ObservedMachine machine) =>
        $"/machines/{Escape(machine.Group.Namespace)}/{Escape(machine.Group.Name)}/{Escape(machine.Id)}";

    public static string Group(GroupId group) => $"/groups/{Escape(group.Namespace)}/{Escape(group.Name)}";

    /// <summary>The query of a list with its question mark; empty for the whole list.</summary>
    public static string Query(MachineQuery query, string? token = null)
    {
        var parts = new List<string>();
        void Add(string name, string? value)
        {
            if (value is { Length: > 0 })
                parts.Add($"{name}={Escape(value)}");
        }

        Add("namespace", query.Namespace);
        Add("group", query.Group);
        Add("state", query.State?.ToString());
        Add("q", query.Search);
        Add("limit", query.Limit == MachineQuery.DefaultLimit ? null : query.Limit.ToString(CultureInfo.InvariantCulture));
        Add("continue", token);
        return parts.Count == 0 ? "" : $"?{string.Join('&', parts)}";
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);
}
