using System.Text.Json.Nodes;
using SmmAgent.Bed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>What <c>smm-agent check --output json</c> said.</summary>
internal sealed class CheckOutput
{
    private CheckOutput(int exitCode, string text) => (ExitCode, Text) = (exitCode, text);

    public int ExitCode { get; }

    public string Text { get; }

    /// <summary>Runs the command on the bed's VM.</summary>
    public static CheckOutput Of(VmAgent agent) => Parse(agent.Run("check", "--output", "json"));

    /// <summary>Runs it after something was done to what it sees of the host; the mounts of a script are gone with it.</summary>
    public static CheckOutput Of(MeshBed bed, VmAgent agent, string before) =>
        Parse(bed.Vm.Try(["sh", "-ec", $"{before}\nexec \"$@\"", "sh", Programs.Agent, "--root", agent.Root, "check", "--output", "json"]));

    /// <summary>Runs it until a check has a status: what the dashboard serves follows its file in a moment.</summary>
    public static async Task<CheckOutput> UntilAsync(VmAgent agent, string id, string status)
    {
        CheckOutput? last = null;
        await Until.TrueAsync(
            () => (last = Of(agent)).Status(id) == status, $"{id} is {status}", lastSeen: () => last?.Text ?? "");
        return last!;
    }

    public static CheckOutput Parse((int ExitCode, string Output) run) => new(run.ExitCode, run.Output);

    public JsonNode Json => JsonNode.Parse(Text) ?? throw new InvalidOperationException(Text);

    public string Status(string id) => (string)Check(id)["status"]!;

    /// <summary>All that the lines of a check found, one below the other.</summary>
    public string Found(string id) => Joined(id, "found");

    public string Cure(string id) => Joined(id, "cure");

    /// <summary>The status of one of several lines.</summary>
    public string Status(string id, string subject) =>
        (string)Check(id)["results"]!.AsArray().Single(line => (string?)line!["subject"] == subject)!["status"]!;

    private string Joined(string id, string member) => string.Join('\n', Check(id)["results"]!.AsArray().Select(line => (string?)line![member]));

    private JsonNode Check(string id) =>
        Json["checks"]!.AsArray().SingleOrDefault(check => (string?)check!["id"] == id) ?? throw new InvalidOperationException($"no {id} in {Text}");
}
