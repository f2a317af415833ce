using System.Text.Json;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Identity;

/// <summary>
/// The record of root about the machine on which the uuid of agent.yaml was first seen, so that a copy of the machine gets a new uuid.
/// </summary>
/// <param name="Uuid">The uuid in effect.</param>
/// <param name="Machine">The <see cref="MachineId"/> of the machine.</param>
/// <param name="Retired">The uuid of the machine that this machine was copied from; null when this machine is not a copy.</param>
public sealed record UuidBinding(Guid Uuid, string Machine, Guid? Retired)
{
    private const int MaximumBytes = 4096;

    /// <summary>Whether the uuid of agent.yaml belongs to another machine.</summary>
    public bool IsForeign(Guid uuid, string machine) => (uuid == Uuid && machine != Machine) || uuid == Retired;

    /// <returns>Null when there is no record, or it is damaged: then the uuid is bound to this machine.</returns>
    /// <exception cref="IOException">The record cannot be read.</exception>
    public static UuidBinding? Load(AgentPaths paths)
    {
        try
        {
            if (AtomicFile.ReadLimited(paths.HostIdentity, MaximumBytes, isAgents: true) is not { } bytes)
                return null;

            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            return new(
                root.GetProperty("uuid").GetGuid(),
                root.GetProperty("machine").GetString() ?? "",
                root.TryGetProperty("retired", out var retired) ? retired.GetGuid() : null);
        }
        catch (Exception exception)
        when (exception is JsonException or InvalidDataException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    public void Save(AgentPaths paths)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("uuid", Uuid);
            json.WriteString("machine", Machine);
            if (Retired is { } retired)
                json.WriteString("retired", retired);
            json.WriteEndObject();
        }

        Directory.CreateDirectory(paths.HostStateDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        AtomicFile.Write(paths.HostIdentity, stream.ToArray(), AtomicFile.Private);
    }
}
