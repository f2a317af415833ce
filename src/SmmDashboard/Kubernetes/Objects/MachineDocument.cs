using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SmmDashboard.Kubernetes.Objects;

/// <summary>An AttachedMachine (smm-agent.io, v1alpha1) with all that is read or written of it.</summary>
public sealed record MachineDocument : KubernetesObject
{
    public MachineSpec Spec { get; init => field = value ?? new(); } = new();

    /// <summary>Null until the first report is written.</summary>
    public MachineStatus? Status { get; init; }
}

/// <summary>The binding. It never changes.</summary>
public sealed record MachineSpec
{
    public string WorkloadGroup { get; init => field = value ?? ""; } = "";

    /// <summary>64 hexadecimal digits.</summary>
    public string KeySha256 { get; init => field = value ?? ""; } = "";
}

/// <summary>The last report. A null member is absent; in a merge patch it removes what was there.</summary>
public sealed record MachineStatus
{
    public string? Host { get; init; }

    public string? OperatingSystem { get; init; }

    public string? Address { get; init; }

    public IReadOnlyList<string>? InterfaceAddresses { get; init; }

    public string? AgentVersion { get; init; }

    public string? SidecarVersion { get; init; }

    public string? WorkloadEntry { get; init; }

    [JsonConverter(typeof(MachineTime))]
    public DateTimeOffset? LastReportTime { get; init; }

    /// <summary>The replica of the dashboard that received it.</summary>
    public string? ConnectedTo { get; init; }

    public IReadOnlyList<MachineCondition>? Conditions { get; init => field = value is null ? null : Tolerant.List(value); }

    /// <summary>The boots of hosts that reported under this identity.</summary>
    public IReadOnlyList<MachineInstance>? Instances { get; init => field = value is null ? null : Tolerant.List(value); }
}

public sealed record MachineCondition
{
    public string Type { get; init => field = value ?? ""; } = "";

    public string Status { get; init => field = value ?? ""; } = "";

    public string Reason { get; init => field = value ?? ""; } = "";

    public string Message { get; init => field = value ?? ""; } = "";

    [JsonConverter(typeof(MachineTime))]
    public DateTimeOffset LastTransitionTime { get; init; }
}

public sealed record MachineInstance
{
    public string Id { get; init => field = value ?? ""; } = "";

    public string Host { get; init => field = value ?? ""; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Address { get; init; }

    [JsonConverter(typeof(MachineTime))]
    public DateTimeOffset FirstSeen { get; init; }

    [JsonConverter(typeof(MachineTime))]
    public DateTimeOffset LastSeen { get; init; }
}

/// <summary>Times in UTC, to the millisecond: two replicas may write within one second.</summary>
internal sealed class MachineTime : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
}
