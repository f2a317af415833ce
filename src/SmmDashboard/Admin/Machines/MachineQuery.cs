using System.Buffers.Text;
using System.Text;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Groups;

namespace SmmDashboard.Admin.Machines;

/// <summary>A part of the list of machines: filters, and a position.</summary>
public sealed record MachineQuery
{
    public const int DefaultLimit = 50;
    public const int MaximumLimit = 500;

    /// <summary>The longest text of a filter, in characters.</summary>
    public const int LongestText = 253;

    public string? Namespace { get; init; }

    /// <summary>The name of the WorkloadGroup.</summary>
    public string? Group { get; init; }

    public MachineState? State { get; init; }

    /// <summary>A part of the name, the address, the uuid, a version or the reason; upper and lower case are equal.</summary>
    public string? Search { get; init; }

    public int Limit { get; init; } = DefaultLimit;

    /// <summary>The last machine of the previous page; null for the first page.</summary>
    public MachineKey? After { get; init; }

    /// <summary>Reads the query of a request.</summary>
    /// <returns>The query, or the reason why it is invalid.</returns>
    public static (MachineQuery? Query, string Fault) Read(IQueryCollection query)
    {
        string? Text(string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

        var texts = new[] { Text("namespace"), Text("group"), Text("q") };
        if (texts.Any(text => text?.Length > LongestText))
            return (null, $"a filter is longer than {LongestText} characters");
        var limit = DefaultLimit;
        if (Text("limit") is { } limitText
            && !(int.TryParse(limitText, System.Globalization.CultureInfo.InvariantCulture, out limit)
                && limit is >= 1 and <= MaximumLimit))
            return (null, $"limit is not a number from 1 to {MaximumLimit}");
        MachineState? state = null;
        if (Text("state") is { } stateText)
        {
            if (!Enum.GetNames<MachineState>().Contains(stateText))
                return (null, $"state is not one of {string.Join(", ", Enum.GetNames<MachineState>())}");
            state = Enum.Parse<MachineState>(stateText);
        }

        MachineKey? after = null;
        if (Text("continue") is { } token)
        {
            after = ParseToken(token);
            if (after is null)
                return (null, "continue is not a token of this list; begin again without it");
        }

        return (
            new MachineQuery { Namespace = texts[0], Group = texts[1], Search = texts[2], State = state, Limit = limit, After = after },
            "");
    }

    /// <summary>Selects one page, and counts the machines by state.</summary>
    public MachinePage Select(IReadOnlyList<MachineEntry> entries, Viewer viewer)
    {
        var counts = new int[Enum.GetValues<MachineState>().Length];
        var page = new List<MachineEntry>(Math.Min(Limit, 64));
        var total = 0;
        MachineEntry? next = null;
        foreach (var entry in entries)
        {
            if (!viewer.SeesMachines(entry.Machine.Group.Namespace) || !MatchesBesidesState(entry))
                continue;

            counts[(int)entry.Verdict.State]++;
            if (State is { } state && entry.Verdict.State != state)
                continue;

            total++;
            if (After is { } after && entry.Key <= after)
                continue;
            if (page.Count < Limit)
                page.Add(entry);
            else
                next ??= entry;
        }

        return new MachinePage(page, total, counts, next is null ? null : FormatToken(page[^1].Key));
    }

    /// <summary>Whether the filters select the machine.</summary>
    public bool Matches(MachineEntry entry) => (State is null || State == entry.Verdict.State) && MatchesBesidesState(entry);

    private bool MatchesBesidesState(MachineEntry entry) =>
        (Namespace is null || entry.Machine.Group.Namespace == Namespace)
        && (Group is null || entry.Machine.Group.Name == Group)
        && (Search is null || Contains(entry.Machine.Host) || Contains(entry.Machine.Id) || Contains(entry.Machine.AgentVersion)
            || Contains(entry.Machine.SidecarVersion) || Contains(entry.Verdict.Reason) || Contains(entry.Verdict.Condition)
            || (entry.Machine.Address is { } address && Contains(address.ToString())));

    private bool Contains(string? text) => text?.Contains(Search!, StringComparison.OrdinalIgnoreCase) == true;

    private static string FormatToken(MachineKey key) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{key.Group.Namespace}\n{key.Group.Name}\n{key.Id}\n{key.Name}"));

    private static MachineKey? ParseToken(string token) =>
        token.Length <= 2048 && Base64Url.IsValid(token)
        && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)).Split('\n', 4) is [var space, var group, var id, var name]
            ? new MachineKey(new GroupId(space, group), name, id)
            : null;
}

/// <summary>One page of the list.</summary>
/// <param name="Entries">The machines of the page.</param>
/// <param name="Total">The number of machines on all pages.</param>
/// <param name="Counts">The number of machines by state, whichever state is selected.</param>
/// <param name="Continue">The token of the next page; null on the last page.</param>
public sealed record MachinePage(IReadOnlyList<MachineEntry> Entries, int Total, IReadOnlyList<int> Counts, string? Continue)
{
    public int CountOf(MachineState state) => Counts[(int)state];
}
