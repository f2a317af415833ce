using System.Text.Json;
using SmmAgent.Contract;

namespace SmmAgent.Linux.Dashboard;

/// <summary>Writes the messages that the agent sends to the dashboard, and reads those that it receives.</summary>
/// <remarks>The mesh configuration has its own reader, <see cref="MeshConfigReader"/>.</remarks>
public static class DashboardJson
{
    public static byte[] Write(AgentReport report) => JsonOutput.Write(report, Write);

    public static byte[] Write(TokenRequest request) =>
        JsonOutput.Write(request, (writer, request) => writer.WriteString("audience", request.Audience));

    public static byte[] Write(DialBackIdentity identity) =>
        JsonOutput.Write(identity, (writer, identity) => writer.WriteString("uuid", identity.Uuid));

    public static byte[] Write(DialBackRequest request) => JsonOutput.Write(request, (writer, request) =>
    {
        writer.WriteStartArray("ports");
        foreach (var port in request.Ports)
            writer.WriteNumberValue(port);
        writer.WriteEndArray();
        writer.WriteString("nonce", request.Nonce);
    });

    /// <summary>Reads an answer.</summary>
    /// <param name="read">One of the methods of this class.</param>
    /// <returns>Null if the answer is <c>null</c>.</returns>
    /// <exception cref="JsonException">The answer is not what the contract says.</exception>
    public static T? Read<T>(ReadOnlySpan<byte> body, Func<JsonInput, T> read)
        where T : class =>
        JsonInput.Read(body, read, allowsDuplicates: false);

    public static Problem ReadProblem(JsonInput json) => new()
    {
        Status = json.Optional("status").Number(),
        Title = json.Optional("title").TextOrNull(),
        Detail = json.Optional("detail").TextOrNull(),
        Code = json.Optional("code").TextOrNull(),
        Reason = json.Optional("reason").TextOrNull(),
    };

    public static TokenResponse ReadToken(JsonInput json) =>
        new(json.Required("token").Text(), json.Required("expirationTimestamp").Time());

    public static SeenAddress ReadSeenAddress(JsonInput json) => new(
        json.Required("address").Text(),
        json.Required("source").Text(),
        json.Required("viaProxy").Flag(),
        json.Optional("problem").TextOrNull());

    public static Registration ReadRegistration(JsonInput json) => new()
    {
        Registered = json.Required("registered").Flag(),
        Reason = json.Required("reason").Text(),
        WorkloadEntry = json.Optional("workloadEntry").TextOrNull(),
        Healthy = json.Required("healthy").Text(),
        Message = json.Required("message").Text(),
    };

    public static DialBackResponse ReadDialBack(JsonInput json) => new(
        json.Required("address").Text(),
        json.Required("fromCluster").Text(),
        json.Required("results").List(item => item.MembersOrNull(ReadDialBackResult)!));

    private static DialBackResult ReadDialBackResult(JsonInput json) => new()
    {
        Port = json.Required("port").Number(),
        Reachable = json.Required("reachable").Flag(),
        LatencyMs = json.Optional("latencyMs").NumberOrNull(),
        Error = json.Optional("error").TextOrNull(),
    };

    private static void Write(Utf8JsonWriter writer, AgentReport report)
    {
        writer.WriteObject("host", report.Host, Write);
        writer.WriteObject("address", report.Address, Write);
        writer.WriteTexts("interfaceAddresses", report.InterfaceAddresses);
        writer.WriteObject("versions", report.Versions, Write);
        writer.WriteList("conditions", report.Conditions, Write);
        writer.WriteTime("reportedAt", report.ReportedAt);
        if (report.Instance is { } instance)
            writer.WriteString("instance", instance);
        if (report.Detached)
            writer.WriteBoolean("detached", report.Detached);
    }

    private static void Write(Utf8JsonWriter writer, HostReport host)
    {
        writer.WriteString("hostname", host.Hostname);
        writer.WriteString("os", host.Os);
        writer.WriteString("architecture", host.Architecture);
    }

    private static void Write(Utf8JsonWriter writer, AddressReport address)
    {
        writer.WriteString("value", address.Value);
        writer.WriteString("source", address.Source);
    }

    private static void Write(Utf8JsonWriter writer, VersionReport versions)
    {
        writer.WriteString("agent", versions.Agent);
        writer.WriteString("sidecar", versions.Sidecar);
    }

    private static void Write(Utf8JsonWriter writer, Condition condition)
    {
        writer.WriteString("type", condition.Type);
        writer.WriteString("status", condition.Status);
        writer.WriteString("reason", condition.Reason);
        writer.WriteString("message", condition.Message);
        writer.WriteTime("lastTransitionTime", condition.LastTransitionTime);
    }
}
