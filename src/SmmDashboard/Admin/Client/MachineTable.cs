using System.Globalization;
using System.Text;
using SmmAgent.Contract;
using SmmDashboard.Admin.Api;
using SmmDashboard.Admin.Machines;

namespace SmmDashboard.Admin.Client;

/// <summary>Formats machines for a terminal. The texts come from agents.</summary>
internal static class MachineTable
{
    private const int LongestCell = 60;

    public static string List(MachineListAnswer list, DateTimeOffset now)
    {
        string[] header = ["NAME", "GROUP", "ADDRESS", "STATE", "REASON", "AGENT", "SIDECAR", "SEEN"];
        if (list.Items.Count == 0)
            return "no machines\n";

        List<string[]> rows =
        [
            header,
            .. list.Items.Select(machine => (string[])
            [
                machine.Name, $"{machine.Namespace}/{machine.Group}", machine.Address ?? "-", $"{machine.State}", Reason(machine),
                machine.AgentVersion, machine.SidecarVersion ?? "-", Age(machine.LastSeen, now),
            ]),
        ];
        var cells = rows.Select(row => row.Select(cell => OneLine.ReplaceUnprintable(cell, '?', LongestCell)).ToArray()).ToList();
        var widths = Enumerable.Range(0, header.Length).Select(column => cells.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in cells)
            text.Append(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()).Append('\n');
        return text.ToString();
    }

    public static string One(MachineAnswer machine, DateTimeOffset now)
    {
        var text = new StringBuilder();
        void Line(string name, string value) =>
            text.Append(CultureInfo.InvariantCulture, $"{name,-12}{OneLine.ReplaceUnprintable(value, '?', 1024)}\n");

        Line("Name", machine.Name);
        Line("Group", $"{machine.Namespace}/{machine.Group}");
        Line("Uuid", machine.Uuid);
        Line("State", HasReason(machine) ? $"{machine.State}, {Reason(machine)}" : $"{machine.State}");
        Line("Address", machine.Address ?? "-");
        Line("Agent", machine.AgentVersion);
        Line("Sidecar", machine.SidecarVersion ?? "-");
        Line("Seen", $"{Age(machine.LastSeen, now)} ago");
        text.Append('\n');
        foreach (var condition in machine.Conditions)
        {
            var mark = condition.Status switch { "True" => '✓', "False" => machine.IsExpected(condition) ? '✗' : '–', _ => '?' };
            text.Append(CultureInfo.InvariantCulture,
                $"{mark} {OneLine.ReplaceUnprintable($"{condition.Type,-20} {condition.Reason,-14} {condition.Message}", '?', 1024)}\n");
            if (condition.Fix?.Replace("`", "", StringComparison.Ordinal) is { Length: > 0 } fix && fix != "nothing"
                && machine.IsExpected(condition))
                text.Append(CultureInfo.InvariantCulture, $"    fix: {OneLine.ReplaceUnprintable(fix, '?', 1024)}\n");
        }

        return text.ToString();
    }

    private static bool HasReason(MachineItem machine) => machine.State is not (MachineState.Attached or MachineState.Detached);

    private static string Reason(MachineItem machine) => !HasReason(machine) ? "-"
        : machine.Condition.Length == 0 ? machine.Reason : $"{machine.Condition}: {machine.Reason}";

    private static string Age(DateTimeOffset since, DateTimeOffset now)
    {
        var age = now - since;
        return age.TotalSeconds < 0 ? "0s"
            : age.TotalMinutes < 1 ? string.Create(CultureInfo.InvariantCulture, $"{age.Seconds}s")
            : age.TotalHours < 1 ? string.Create(CultureInfo.InvariantCulture, $"{age.Minutes}m")
            : age.TotalDays < 1 ? string.Create(CultureInfo.InvariantCulture, $"{age.Hours}h")
            : string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays}d");
    }
}
