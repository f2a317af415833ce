using System.Text.Encodings.Web;
using System.Text.Json;
using SmmAgent.Contract;

namespace SmmAgent.Core.Status;

/// <summary>Writes and reads status.json.</summary>
public static class StatusJson
{
    // Only quotes, backslashes and control characters are escaped, for people. "Unsafe" refers to HTML; the text is never embedded in HTML.
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(AgentStatus status) => JsonOutput.Write(status, Write, Readable);

    /// <returns>Null if the text is <c>null</c>. Items of lists can be null.</returns>
    /// <exception cref="JsonException">The text is not a status.</exception>
    public static AgentStatus? Read(ReadOnlySpan<byte> json) => JsonInput.Read(json, ReadStatus);

    public static void Write(Utf8JsonWriter writer, GroupName group)
    {
        writer.WriteString("namespace", group.Namespace);
        writer.WriteString("name", group.Name);
    }

    private static void Write(Utf8JsonWriter writer, AgentStatus status)
    {
        writer.WriteObject("agent", status.Agent, static (writer, agent) =>
        {
            writer.WriteString("version", agent.Version);
            writer.WriteString("uuid", agent.Uuid?.ToString());
        });
        writer.WriteObject("attachment", status.Attachment, Write);
        writer.WriteObject("workloadGroup", status.WorkloadGroup, Write);
        writer.WriteObject("address", status.Address, static (writer, address) =>
        {
            writer.WriteString("value", address.Value);
            writer.WriteString("source", address.Source);
        });
        writer.WriteObject("network", status.Network, static (writer, network) => writer.WriteString("model", network.Model));
        writer.WriteList("gateways", status.Gateways, Write);
        writer.WriteList("ports", status.Ports, Write);
        writer.WriteObject("sidecar", status.Sidecar, Write);
        writer.WriteList("conditions", status.Conditions, Write);
        writer.WriteWholeSeconds("updatedAt", status.UpdatedAt);
    }

    private static void Write(Utf8JsonWriter writer, AttachmentStatus attachment)
    {
        writer.WriteString("state", attachment.State);
        writer.WriteWholeSeconds("since", attachment.Since);
        writer.WriteString("condition", attachment.Condition);
        writer.WriteString("reason", attachment.Reason);
        writer.WriteString("message", attachment.Message);
        writer.WriteString("fix", attachment.Fix);
    }

    private static void Write(Utf8JsonWriter writer, GatewayStatus gateway)
    {
        writer.WriteString("name", gateway.Name);
        writer.WriteString("address", gateway.Address);
        writer.WriteNumber("port", gateway.Port);
        writer.WriteString("outcome", gateway.Outcome);
        writer.WriteNumber("latencyMs", gateway.LatencyMs);
    }

    private static void Write(Utf8JsonWriter writer, PortStatus port)
    {
        writer.WriteNumber("port", port.Port);
        writer.WriteString("name", port.Name);
        writer.WriteFlag("wanted", port.Wanted);
        writer.WriteFlag("open", port.Open);
        writer.WriteFlag("reachableFromCluster", port.ReachableFromCluster);
    }

    private static void Write(Utf8JsonWriter writer, SidecarStatus sidecar)
    {
        writer.WriteString("version", sidecar.Version);
        writer.WriteFlag("running", sidecar.Running);
        writer.WriteFlag("ready", sidecar.Ready);
        writer.WriteWholeSeconds("since", sidecar.Since);
    }

    private static void Write(Utf8JsonWriter writer, Condition condition)
    {
        writer.WriteString("type", condition.Type);
        writer.WriteString("status", condition.Status);
        writer.WriteString("reason", condition.Reason);
        writer.WriteString("message", condition.Message);
        writer.WriteWholeSeconds("lastTransitionTime", condition.LastTransitionTime);
    }

    private static AgentStatus ReadStatus(JsonInput json) => new()
    {
        Agent = json.Required("agent").Members(
            static agent => new AgentInfo(agent.Required("version").Text(), agent.Required("uuid").UuidOrNull())),
        Attachment = json.Optional("attachment").MembersOrNull(ReadAttachment),
        WorkloadGroup = json.Optional("workloadGroup").MembersOrNull(
            static group => new GroupName(group.Required("namespace").Text(), group.Required("name").Text())),
        Address = json.Optional("address").MembersOrNull(
            static address => new AddressReport(address.Required("value").Text(), address.Required("source").Text())),
        Network = json.Required("network").Members(static network => new NetworkStatus(network.Required("model").TextOrNull())),
        Gateways = json.Required("gateways").List(static gateway => gateway.MembersOrNull(ReadGateway)!),
        Ports = json.Required("ports").List(static port => port.MembersOrNull(ReadPort)!),
        Sidecar = json.Optional("sidecar").MembersOrNull(ReadSidecar),
        Conditions = json.Required("conditions").List(static condition => condition.MembersOrNull(ReadCondition)!),
        UpdatedAt = json.Required("updatedAt").Time(),
    };

    private static AttachmentStatus ReadAttachment(JsonInput json) => new(
        json.Required("state").Text(),
        json.Required("since").TimeOrNull(),
        json.Required("condition").TextOrNull(),
        json.Required("reason").TextOrNull(),
        json.Required("message").TextOrNull(),
        json.Required("fix").TextOrNull());

    private static GatewayStatus ReadGateway(JsonInput json) => new(
        json.Required("name").Text(),
        json.Required("address").Text(),
        json.Required("port").Number(),
        json.Required("outcome").Text(),
        json.Required("latencyMs").FractionOrNull());

    private static PortStatus ReadPort(JsonInput json) => new(
        json.Required("port").Number(),
        json.Required("name").Text(),
        json.Required("wanted").FlagOrNull(),
        json.Required("open").FlagOrNull(),
        json.Required("reachableFromCluster").FlagOrNull());

    private static SidecarStatus ReadSidecar(JsonInput json) => new(
        json.Required("version").TextOrNull(),
        json.Required("running").FlagOrNull(),
        json.Required("ready").FlagOrNull(),
        json.Required("since").TimeOrNull());

    private static Condition ReadCondition(JsonInput json) => new()
    {
        Type = json.Required("type").Text(),
        Status = json.Required("status").Text(),
        Reason = json.Required("reason").Text(),
        Message = json.Required("message").Text(),
        LastTransitionTime = json.Required("lastTransitionTime").Time(),
    };
}
