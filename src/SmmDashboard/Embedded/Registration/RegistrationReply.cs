using System.Text.Json.Serialization;

namespace SmmDashboard.Embedded.Registration;

/// <summary>The reply line to a sidecar.</summary>
public sealed record RegistrationReply(
    bool Registered,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? WorkloadEntry,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Message)
{
    /// <summary>The proved identity, if it is the reason of a refusal.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Identity { get; init; }

    /// <summary>
    /// The requested certificate with that of its issuer, in PEM. A refused sidecar also gets it if its identity was proved.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Certificate { get; init; }

    /// <summary>The line violates the protocol. It is not remembered as a refusal.</summary>
    public const string RequestInvalid = "RequestInvalid";

    /// <summary>There is no slot for another sidecar of the group or of the client address.</summary>
    public const string TooMany = "TooManySidecars";

    public static RegistrationReply Granted(string workloadEntry) => new(true, workloadEntry, null, null);

    public static RegistrationReply Refused(string reason, string message) => new(false, null, reason, message);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RegistrationReply))]
public sealed partial class RegistrationJson : JsonSerializerContext;
