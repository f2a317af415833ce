using System.Text.Json.Nodes;
using SmmAgent.Bed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>One line of <c>smm-agent check</c>.</summary>
internal sealed record CheckedLine(string Status, string? Subject, string Found, string? Cure, double? LatencyMs);

/// <summary>One run of <c>smm-agent check --output json</c>.</summary>
internal sealed class Checked(int exitCode, string output)
{
    private readonly JsonNode _report = Parse(output);

    public int ExitCode => exitCode;

    public static Checked By(VmAgent agent)
    {
        var (exitCode, output) = agent.Run("check", "--output", "json");
        return new(exitCode, output);
    }

    /// <summary>Run by a user without any rights.</summary>
    public static Checked ByNobody(MeshBed bed, VmAgent agent)
    {
        File.SetUnixFileMode(bed.Folder, File.GetUnixFileMode(bed.Folder) | UnixFileMode.OtherExecute);
        string[] nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];
        var (exitCode, output) = bed.Vm.Try([.. nobody, Programs.Agent, "--root", agent.Root, "check", "--output", "json"]);
        return new(exitCode, output);
    }

    /// <summary>Runs it again and again until it says so.</summary>
    public static async Task<Checked> UntilAsync(VmAgent agent, Func<Checked, bool> condition, string what)
    {
        Checked? last = null;
        await Until.TrueAsync(() => condition(last = By(agent)), what, lastSeen: () => $"{last}");
        return last!;
    }

    public IReadOnlyList<CheckedLine> Lines(string id) =>
    [
        .. _report["checks"]!.AsArray().Single(check => (string?)check!["id"] == id)!["results"]!.AsArray().Select(line => new CheckedLine(
            (string)line!["status"]!, (string?)line["subject"], (string)line["found"]!, (string?)line["cure"], (double?)line["latencyMs"])),
    ];

    /// <summary>The check's lines of one subject.</summary>
    public IReadOnlyList<CheckedLine> Lines(string id, string subject) => [.. Lines(id).Where(line => line.Subject == subject)];

    /// <summary>The check's one line.</summary>
    public CheckedLine Line(string id) => Assert.Single(Lines(id));

    /// <summary>The check's one line of a subject.</summary>
    public CheckedLine Line(string id, string subject) => Assert.Single(Lines(id, subject));

    /// <summary>Asserts the status of the check's one line, and what it says.</summary>
    public void Says(string id, string status, params string[] found)
    {
        var line = Line(id);
        Assert.Equal((id, status), (id, line.Status));
        Assert.All(found, part => Assert.Contains(part, line.Found, StringComparison.Ordinal));
    }

    public override string ToString() => output;

    private static JsonNode Parse(string output)
    {
        try
        {
            return JsonNode.Parse(output)!;
        }
        catch (System.Text.Json.JsonException exception)
        {
            throw new InvalidOperationException($"check printed no JSON: {output}", exception);
        }
    }
}
