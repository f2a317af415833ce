using System.Text.Json.Serialization;
using SmmAgent.Contract;
using SmmDashboard.Agents;

namespace SmmDashboard.Embedded.Agents;

/// <summary>The content of the file of one agent.</summary>
public sealed record AgentFile(
    string? KeySha256,
    DateTimeOffset SeenAt,
    AgentReport? Report,
    IReadOnlyList<AgentInstance?>? Instances = null,
    bool IsProven = false);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AgentFile))]
public sealed partial class AgentFileJson : JsonSerializerContext;
