using System.Text.Json.Serialization;

namespace SmmAgent.Contract;

/// <summary>Names of the contract that are not JSON members.</summary>
public static class DashboardApi
{
    /// <summary>The header that carries the agent's key: 32 random bytes in base64url.</summary>
    public const string AgentKeyHeader = "Agent-Key";

    /// <summary>The path of the certificate authorities of the dashboard.</summary>
    public const string AuthorityPath = "/get/ca.pem";

    /// <summary>The longest time a server holds a request with <c>Prefer: wait=SECONDS</c>, in seconds.</summary>
    public const int MaximumWaitSeconds = 300;

    /// <summary>The port on the VM that serves the agent.</summary>
    public const int AgentPort = 16400;

    /// <summary>The port on the VM that serves the sidecar's merged metrics.</summary>
    public const int SidecarMetricsPort = 16401;

    /// <summary>The maximum number of bytes that a dial-back reads of a response.</summary>
    public const int MaximumDialBackBytes = 1024;

    /// <summary>The maximum number of ports of one dial-back.</summary>
    public const int MaximumDialBackPorts = 64;

    /// <summary>The audience of the sidecar's token.</summary>
    public const string SidecarAudience = "istio-ca";

    /// <summary>The path of a WorkloadGroup, without a slash at its end.</summary>
    public static string GroupPath(string @namespace, string name) =>
        $"/v1/namespaces/{Uri.EscapeDataString(@namespace)}/workloadgroups/{Uri.EscapeDataString(name)}";
}

/// <summary>Body of <c>POST GROUP/tokens</c>.</summary>
/// <param name="Audience">Only <see cref="DashboardApi.SidecarAudience"/> is allowed.</param>
public sealed record TokenRequest(string Audience);

/// <summary>Answer of <c>POST GROUP/tokens</c>.</summary>
/// <param name="Token">A service account's token.</param>
/// <param name="ExpirationTimestamp">When it expires.</param>
public sealed record TokenResponse(string Token, DateTimeOffset ExpirationTimestamp)
{
    /// <summary>Contains the expiry only; never the token.</summary>
    public override string ToString() => $"token until {ExpirationTimestamp:O}";
}

/// <summary>Answer of <c>GET GROUP/whoami</c>: the address from which the dashboard received the request.</summary>
/// <param name="Address">The IP address.</param>
/// <param name="Source"><see cref="FromConnection"/> or <see cref="FromForwarded"/>.</param>
/// <param name="ViaProxy">Whether the request came through a proxy.</param>
/// <param name="Problem">Why the address is not that of a VM; null if it may be.</param>
public sealed record SeenAddress(
    string Address, string Source, bool ViaProxy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Problem = null)
{
    /// <summary>The peer of the connection.</summary>
    public const string FromConnection = "connection";

    /// <summary>The header X-Forwarded-For of a proxy that the dashboard trusts.</summary>
    public const string FromForwarded = "forwarded";
}

/// <summary>Body of <c>PUT GROUP/agents/{uuid}</c>.</summary>
public sealed record AgentReport
{
    /// <summary>The VM.</summary>
    public required HostReport Host { get; init; }

    /// <summary>The address under which the cluster reaches the VM; null while it is not known.</summary>
    public AddressReport? Address { get; init; }

    /// <summary>The addresses of the VM's own interfaces.</summary>
    public required IReadOnlyList<string> InterfaceAddresses { get; init; }

    /// <summary>Versions of the programs on the VM.</summary>
    public required VersionReport Versions { get; init; }

    /// <summary>The agent's conditions.</summary>
    public required IReadOnlyList<Condition> Conditions { get; init; }

    /// <summary>When the report was made.</summary>
    public required DateTimeOffset ReportedAt { get; init; }

    /// <summary>
    /// A random id of this boot of the host: 16 to 64 letters, digits, '-' and '_'. It distinguishes two hosts with one uuid and key
    /// from one host that was rebooted.
    /// Null if the agent cannot store an id; such reports are never treated as those of a second host.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Instance { get; init; }

    /// <summary>
    /// Whether the agent was detached: this is its last report. A dashboard keeps it only for an agent that has reported before. An older
    /// dashboard reads the condition of <see cref="DetachReport"/> instead.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Detached { get; init; }
}

/// <summary>The condition in the last report of an agent that was detached.</summary>
public static class DetachReport
{
    /// <summary>The type of the condition: a detached VM is not registered.</summary>
    public const string Type = "Registered";

    /// <summary>The reason of the condition.</summary>
    public const string Reason = "Detached";
}

/// <summary>The VM that a report comes from.</summary>
/// <param name="Hostname">The host's name.</param>
/// <param name="Os">The operating system, for example <c>Debian GNU/Linux 12 (bookworm)</c>.</param>
/// <param name="Architecture"><c>amd64</c> or <c>arm64</c>.</param>
public sealed record HostReport(string Hostname, string Os, string Architecture);

/// <summary>An address and where it comes from.</summary>
/// <param name="Value">The IP address.</param>
/// <param name="Source"><c>configured</c>, <c>route</c>, <c>dashboard</c>, or the provider's URL.</param>
public sealed record AddressReport(string Value, string Source);

/// <summary>Versions of the programs on the VM.</summary>
/// <param name="Agent">smm-agent's version.</param>
/// <param name="Sidecar">The sidecar package's version; null while it is not known or not installed.</param>
public sealed record VersionReport(string Agent, string? Sidecar);

/// <summary>Answer of <c>GET GROUP/agents/{uuid}/registration</c>.</summary>
public sealed record Registration
{
    /// <summary>Whether a WorkloadEntry exists for this VM.</summary>
    public required bool Registered { get; init; }

    /// <summary>One of <see cref="RegistrationReasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>The WorkloadEntry's name; null without one.</summary>
    public string? WorkloadEntry { get; init; }

    /// <summary>The WorkloadEntry's health: <c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public required string Healthy { get; init; }

    /// <summary>The meaning and the action to take, in one sentence.</summary>
    public required string Message { get; init; }
}

/// <summary>The reasons of <see cref="Registration.Reason"/>.</summary>
public static class RegistrationReasons
{
    /// <summary>The WorkloadEntry exists.</summary>
    public const string Registered = "Registered";

    /// <summary>No sidecar of this VM is connected.</summary>
    public const string NotConnected = "NotConnected";

    /// <summary>The sidecar's token was refused.</summary>
    public const string TokenRefused = "TokenRefused";

    /// <summary>The sidecar named a WorkloadGroup that does not exist.</summary>
    public const string GroupNotFound = "GroupNotFound";

    /// <summary>The sidecar's namespace or service account is not the group's.</summary>
    public const string IdentityMismatch = "IdentityMismatch";

    /// <summary>The WorkloadEntry's name would not be valid.</summary>
    public const string NameInvalid = "NameInvalid";

    /// <summary>
    /// A WorkloadEntry of this name belongs to another revision: the control plane does not see it, and cannot make its own.
    /// </summary>
    public const string StaleEntry = "StaleEntry";
}

/// <summary>Body of <c>POST GROUP/agents/{uuid}/dial-back</c>.</summary>
/// <param name="Ports">Only 16400, 16401 and the WorkloadGroup's ports are dialled.</param>
/// <param name="Nonce">The nonce that the agent expects in the path of the dial-back.</param>
public sealed record DialBackRequest(IReadOnlyList<int> Ports, string Nonce);

/// <summary>Answer of <c>POST GROUP/agents/{uuid}/dial-back</c>.</summary>
/// <param name="Address">The address that was dialled: the one of the agent's last report.</param>
/// <param name="FromCluster">The cluster that dialled.</param>
/// <param name="Results">One result for each port.</param>
public sealed record DialBackResponse(string Address, string FromCluster, IReadOnlyList<DialBackResult> Results);

/// <summary>The result of dialling one port.</summary>
public sealed record DialBackResult
{
    /// <summary>The TCP port.</summary>
    public required int Port { get; init; }

    /// <summary>Whether the cluster reached it.</summary>
    public required bool Reachable { get; init; }

    /// <summary>The time to connect, in milliseconds; only when it was reached.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? LatencyMs { get; init; }

    /// <summary>One of <see cref="DialBackErrors"/>; only when it was not reached.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }
}

/// <summary>The labels of a WorkloadEntry that this project uses.</summary>
public static class EntryLabels
{
    /// <summary>The control plane that sees the entry. An entry without this label is seen by all control planes.</summary>
    public const string Revision = "istio.io/rev";

    /// <summary>The uuid of the agent whose sidecar registered.</summary>
    public const string Uuid = "smm-agent.io/uuid";
}

/// <summary>The values of <see cref="DialBackResult.Error"/>.</summary>
public static class DialBackErrors
{
    /// <summary>The connection was refused.</summary>
    public const string Refused = "refused";

    /// <summary>No answer in time.</summary>
    public const string Timeout = "timeout";

    /// <summary>No route.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>Something other than this agent answered on port 16400.</summary>
    public const string WrongHost = "wrong-host";
}

/// <summary>The agent's response to <c>GET /dial-back/{nonce}</c> on port 16400.</summary>
/// <param name="Uuid">The agent's uuid.</param>
public sealed record DialBackIdentity(string Uuid);

/// <summary>One condition of the agent, as in Kubernetes.</summary>
public sealed record Condition
{
    /// <summary>The subject of the condition, for example <c>PortsOpen</c>.</summary>
    public required string Type { get; init; }

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The reason, as one CamelCase word that does not change between versions.</summary>
    public required string Reason { get; init; }

    /// <summary>The meaning and the action to take, for people.</summary>
    public required string Message { get; init; }

    /// <summary>When <see cref="Status"/> last changed.</summary>
    public required DateTimeOffset LastTransitionTime { get; init; }
}
