using System.Text.Json;
using System.Text.Json.Nodes;
using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>One line of <c>smm-agent check</c>.</summary>
internal sealed record CheckedLine(string Status, string? Subject, string Found, string? Fix, double? LatencyMs)
{
    /// <summary>The fix as root runs it: not every host of these tests has sudo.</summary>
    public string Command => (Fix ?? "").Replace("sudo ", "", StringComparison.Ordinal);
}

/// <summary>One run of <c>smm-agent check --output json</c>.</summary>
internal sealed class CheckReportReader((int ExitCode, string Output) run)
{
    public int ExitCode => run.ExitCode;

    public string Text => run.Output;

    public JsonNode Json { get; } = Noted(Parse(run.Output));

    /// <summary>Runs the command on the bed's VM.</summary>
    public static CheckReportReader By(VmAgent agent) => new(agent.Run("check", "--output", "json"));

    /// <summary>Runs it after something was done to what it sees of the host; the mounts of a script are gone with it.</summary>
    public static CheckReportReader By(MeshTestbed bed, VmAgent agent, string before) =>
        new(bed.Vm.Try(["sh", "-ec", $"{before}\nexec \"$@\"", "sh", Programs.Agent, "--root", agent.Root, "check", "--output", "json"]));

    /// <summary>Run by a user without any rights, who gets into the bed's folder.</summary>
    public static CheckReportReader ByNobody(MeshTestbed bed, string root)
    {
        using var program = new AgentForEveryone();
        File.SetUnixFileMode(bed.Folder, File.GetUnixFileMode(bed.Folder) | UnixFileMode.OtherExecute);
        string[] nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];
        return new(bed.Vm.Try([.. nobody, program.Path, "--root", root, "check", "--output", "json"]));
    }

    /// <summary>Runs it again and again until it says so: what the dashboard serves follows its file in a moment.</summary>
    public static async Task<CheckReportReader> UntilAsync(VmAgent agent, Func<CheckReportReader, bool> condition, string what)
    {
        CheckReportReader? last = null;
        await Until.TrueAsync(() => condition(last = By(agent)), what, lastSeen: () => $"{last?.Text}");
        return last!;
    }

    /// <summary>Runs it until a check has a status.</summary>
    public static Task<CheckReportReader> UntilAsync(VmAgent agent, string id, string status) =>
        UntilAsync(agent, report => report.Status(id) == status, $"{id} is {status}");

    /// <summary>The status of the check, the worst of its lines.</summary>
    public string Status(string id) => (string)Check(id)["status"]!;

    /// <summary>All that the lines of a check found, one below the other.</summary>
    public string Found(string id) => string.Join('\n', Lines(id).Select(line => line.Found));

    public string Fix(string id) => string.Join('\n', Lines(id).Select(line => line.Fix));

    public IReadOnlyList<CheckedLine> Lines(string id) =>
    [
        .. Check(id)["results"]!.AsArray().Select(line => new CheckedLine(
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

    private JsonNode Check(string id) => Json["checks"]!.AsArray().Single(check => (string?)check!["id"] == id)!;

    private static JsonNode Noted(JsonNode report)
    {
        foreach (var check in report["checks"]!.AsArray())
            foreach (var line in check!["results"]!.AsArray())
                SeenOutcomes.Note((string)check["id"]!, (string)line!["status"]!);
        return report;
    }

    private static JsonNode Parse(string output)
    {
        try
        {
            return JsonNode.Parse(output)!;
        }
        catch (JsonException exception)
        {
            throw new InvalidOperationException($"check printed no JSON: {output}", exception);
        }
    }
}
