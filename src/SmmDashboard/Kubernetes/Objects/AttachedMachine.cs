using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using SmmDashboard.Agents;
using SmmDashboard.Groups;

namespace SmmDashboard.Kubernetes.Objects;

/// <summary>The part of an AttachedMachine that is kept in memory: some hundred bytes, because there are many.</summary>
[JsonConverter(typeof(AttachedMachineConverter))]
public sealed record AttachedMachine : KubernetesObject
{
    /// <summary>The condition that the dashboard adds to those of the agent: whether reports come.</summary>
    public const string AgentConnected = nameof(AgentConnected);

    public required string WorkloadGroup { get; init; }

    /// <summary>Empty when the object does not have 64 hexadecimal digits: no key fits then.</summary>
    public required byte[] KeySha256 { get; init; }

    public IPAddress? Address => Summary.Address;

    /// <summary>Null until the first report is written.</summary>
    public DateTimeOffset? LastReportTime { get; init; }

    /// <summary>The last report; without one, when the object was made.</summary>
    public DateTimeOffset LastSign => Summary.LastSeen;

    /// <summary>Whether a WorkloadEntry was its when it reported last.</summary>
    public bool IsRegistered { get; init; }

    /// <summary>Null while the condition is absent.</summary>
    public bool? IsConnected { get; init; }

    /// <summary>Whether the last report says that the agent was detached.</summary>
    public bool IsDetached => Summary.IsDetached;

    /// <summary>When <see cref="IsConnected"/> changed.</summary>
    public DateTimeOffset ConnectedChanged { get; init; }

    public AgentInstances Instances => Summary.Instances;

    /// <summary>The part of the last report that the list of machines shows.</summary>
    public required ObservedMachine Summary { get; init; }

    /// <summary>Of all that is written soon when it changes. See <see cref="FingerprintOf"/>.</summary>
    public long Fingerprint { get; init; }

    public static AttachedMachine From(MachineDocument document)
    {
        var status = document.Status;
        var connected = status?.Conditions?.FirstOrDefault(condition => condition.Type == AgentConnected);
        var (space, group) = (document.Metadata.Namespace, document.Spec.WorkloadGroup);
        var address = IPAddress.TryParse(status?.Address, out var parsed) ? parsed : null;
        var lastSign = status?.LastReportTime ?? document.Metadata.CreationTimestamp ?? DateTimeOffset.UnixEpoch;
        var instances = status?.Instances is { Count: > 0 } all
            ? new(all.Select(one => new AgentInstance(
                one.Id, Shared(one.Host, status.Host), one.Address is null ? null : Shared(one.Address, status.Address),
                one.FirstSeen, one.LastSeen)))
            : AgentInstances.None;
        return new AttachedMachine
        {
            // Labels, owners and the uid are not read again.
            Metadata = new ObjectMeta
            {
                Name = document.Metadata.Name,
                Namespace = space,
                ResourceVersion = document.Metadata.ResourceVersion,
            },
            WorkloadGroup = group,
            KeySha256 = Key(document.Spec.KeySha256),
            LastReportTime = status?.LastReportTime,
            IsRegistered = status?.WorkloadEntry is { Length: > 0 },
            IsConnected = connected is null ? null : connected.Status == "True",
            ConnectedChanged = connected?.LastTransitionTime ?? default,
            Summary = new ObservedMachine
            {
                Group = new GroupId(space, group),
                Id = document.Metadata.Name,
                Host = status?.Host ?? "",
                Address = address,
                AgentVersion = ConditionState.Share(status?.AgentVersion ?? ""),
                SidecarVersion = status?.SidecarVersion is { } sidecar ? ConditionState.Share(sidecar) : null,
                LastSeen = lastSign,
                Instances = instances,
                IsDetached = connected?.Reason == Attachment.Detached,
                Conditions =
                [
                    .. (status?.Conditions ?? []).Where(condition => condition.Type is not (AgentConnected or Attachment.Type))
                        .Select(condition => ConditionState.From(condition.Type, condition.Status, condition.Reason)),
                ],
            },
            Fingerprint = FingerprintOf(status),
        };
    }

    /// <summary>
    /// A hash of the host, the address, the versions, the WorkloadEntry, the instances, and type, status and reason of the conditions.
    /// Times, messages and the addresses of interfaces are left out: they change often and mean little.
    /// </summary>
    public static long FingerprintOf(MachineStatus? status)
    {
        if (status is null)
            return 0;

        string?[] members = [status.Host, status.OperatingSystem, status.Address, status.AgentVersion, status.SidecarVersion,
            status.WorkloadEntry];
        var conditions = status.Conditions?.Select(condition => $"{condition.Type}\t{condition.Status}\t{condition.Reason}") ?? [];
        var instances = status.Instances?.Select(one => one.Id) ?? [];
        var text = string.Join('\n', members.Concat(conditions).Concat(instances));
        return BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    // The last boot usually has the name and the address of the machine: one text in memory.
    private static string Shared(string text, string? other) => text == other ? other : text;

    private static byte[] Key(string text)
    {
        var key = new byte[SHA256.HashSizeInBytes];
        return text.Length == 2 * key.Length
            && Convert.FromHexString(text, key, out _, out _) == System.Buffers.OperationStatus.Done ? key : [];
    }
}

internal sealed class AttachedMachineConverter : JsonConverter<AttachedMachine>
{
    public override AttachedMachine? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize(ref reader, KubernetesJson.Default.MachineDocument) is { } document ? AttachedMachine.From(document)
        : null;

    public override void Write(Utf8JsonWriter writer, AttachedMachine value, JsonSerializerOptions options) =>
        throw new NotSupportedException("what is kept of an AttachedMachine is not the whole object");
}
