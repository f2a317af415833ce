using System.Text.Json.Serialization;

namespace SmmDashboard.Embedded.Registration;

/// <summary>The line that answers a sidecar.</summary>
public sealed record RegistrationReply(
    bool Registered,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? WorkloadEntry,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Message)
{
    /// <summary>The identity that was proved; only when it is the reason of a refusal.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Identity { get; init; }

    /// <summary>The certificate that was asked for, with its issuer's, in PEM. Also a sidecar that is refused gets it, when its identity was proved.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Certificate { get; init; }

    /// <summary>The line is not what the protocol says. Nobody's registration remembers it.</summary>
    public const string RequestInvalid = "RequestInvalid";

    /// <summary>There is no place for another sidecar of the group, or of the client address.</summary>
    public const string TooMany = "TooManySidecars";

    public static RegistrationReply Granted(string workloadEntry) => new(true, workloadEntry, null, null);

    public static RegistrationReply Refused(string reason, string message) => new(false, null, reason, message);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RegistrationReply))]
public sealed partial class RegistrationJson : JsonSerializerContext;
