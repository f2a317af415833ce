using System.Buffers.Text;
using System.Text.Json;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Identity;

/// <summary>The key that proves to the dashboard that the uuid belongs to this agent. Its text form is redacted.</summary>
public sealed class AgentKey(string base64Url)
{
    internal string Value => base64Url;

    public override string ToString() => "[redacted]";
}

/// <summary>The identity of this agent towards the dashboard. It is created once and kept across restarts and upgrades.</summary>
/// <param name="MadeUuid">The uuid that was created together with the key; the uuid of agent.yaml has priority.</param>
/// <param name="Replaced">Why an existing identity was replaced; null when none was replaced.</param>
public sealed record AgentIdentity(Guid MadeUuid, AgentKey Key, string? Replaced = null)
{
    /// <summary>The message about an identity that was copied from another machine.</summary>
    public const string CopiedFromAnotherMachine = "it is another machine's: this VM is a copy, so it gets a uuid and a key of its own";

    private const int KeyBytes = 32;
    private const int MaximumBytes = 4096;

    /// <summary>
    /// The uuid of the operator. If agent.yaml has none or could not be read: the uuid that was reported last, because the dashboard knows
    /// this agent by it.
    /// </summary>
    public Guid Uuid(AgentSettings settings) => settings.Uuid ?? Reported ?? MadeUuid;

    /// <summary>The <see cref="MachineId"/> of the machine where the key was created; null when it is unknown.</summary>
    public string? Machine { get; private init; }

    /// <summary>The uuid that was reported last with this key.</summary>
    public Guid? Reported { get; private init; }

    /// <summary>The uuid of the machine that this machine was copied from. It is never reported from this machine.</summary>
    public Guid? Retired { get; private init; }

    /// <summary>Whether the uuid in effect belongs to another machine.</summary>
    public bool IsForeign(AgentSettings settings) => Retired is not null && Uuid(settings) == Retired;

    /// <summary>Reads the identity, or creates one. Processes that start at the same time get the same identity.</summary>
    /// <remarks>An identity of an earlier version, which is not bound to a machine yet, is bound to this machine. An identity of another
    /// machine is replaced.</remarks>
    /// <param name="fill">Fills a buffer with cryptographically secure random bytes.</param>
    /// <param name="machine">This machine; null when it has no id: then the identity is used unchanged.</param>
    public static AgentIdentity LoadOrCreate(string path, Action<Span<byte>> fill, string? machine)
    {
        var found = TryLoad(path, out var fault);
        if (found is not null && (machine is null || found.Machine == machine))
            return found;
        if (found is { Machine: null })
            return Rewrite(path, found with { Machine = machine });
        if (found is not null)
        {
            var copy = Made(fill) with { Machine = machine, Retired = found.Reported };
            return Rewrite(path, copy) with { Replaced = CopiedFromAnotherMachine };
        }

        if (fault is not null)
            File.Move(path, path + ".damaged", overwrite: true);

        CreateOnce.Write(path, Content(Made(fill) with { Machine = machine }), AtomicFile.Private);
        return TryLoad(path, out var again) is { } made
            ? made with { Replaced = fault }
            : throw new InvalidDataException($"{path}: {again ?? "was removed by another process"}");
    }

    /// <summary>
    /// Records that a uuid was reported with this key, so that a copy of this machine can detect that the uuid belongs to this machine.
    /// </summary>
    /// <returns>The new identity; the unchanged identity when the file cannot be written.</returns>
    public AgentIdentity WithReported(string path, Guid uuid)
    {
        try
        {
            return uuid == Reported ? this : Rewrite(path, this with { Reported = uuid });
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return this;
        }
    }

    /// <summary>Reads the identity; null when there is none, or this user cannot read it.</summary>
    public static AgentIdentity? Load(string path)
    {
        try
        {
            return TryLoad(path, out _);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null;
        }
    }

    /// <summary>Creates a random uuid.</summary>
    public static Guid NewUuid(Action<Span<byte>> fill)
    {
        Span<byte> uuid = stackalloc byte[16];
        fill(uuid);
        uuid[6] = (byte)((uuid[6] & 0x0F) | 0x40); // RFC 9562: version 4,
        uuid[8] = (byte)((uuid[8] & 0x3F) | 0x80); // variant 10
        return new Guid(uuid, bigEndian: true);
    }

    private static AgentIdentity? TryLoad(string path, out string? fault)
    {
        fault = null;
        try
        {
            if (AtomicFile.ReadLimited(path, MaximumBytes, isAgents: true) is not { } bytes)
                return null;

            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            var key = root.GetProperty("key").GetString() ?? "";
            if (Base64Url.DecodeFromChars(key).Length == KeyBytes)
            {
                return new(root.GetProperty("uuid").GetGuid(), new AgentKey(key))
                {
                    Machine = root.TryGetProperty("machine", out var machine) ? machine.GetString() : null,
                    Reported = root.TryGetProperty("reported", out var reported) ? reported.GetGuid() : null,
                    Retired = root.TryGetProperty("retired", out var retired) ? retired.GetGuid() : null,
                };
            }

            fault = $"the key has not {KeyBytes} bytes";
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException)
        {
            fault = "it is not what the agent wrote";
        }
        catch (Exception exception) when (exception is KeyNotFoundException or FormatException or InvalidOperationException)
        {
            fault = "the uuid or the key is missing or damaged";
        }

        return null;
    }

    private static AgentIdentity Made(Action<Span<byte>> fill)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        fill(key);
        return new(NewUuid(fill), new AgentKey(Base64Url.EncodeToString(key)));
    }

    private static AgentIdentity Rewrite(string path, AgentIdentity identity)
    {
        AtomicFile.Write(path, Content(identity), AtomicFile.Private);
        return identity;
    }

    private static byte[] Content(AgentIdentity identity)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("uuid", identity.MadeUuid);
            json.WriteString("key", identity.Key.Value);
            if (identity.Machine is { } machine)
                json.WriteString("machine", machine);
            if (identity.Reported is { } reported)
                json.WriteString("reported", reported);
            if (identity.Retired is { } retired)
                json.WriteString("retired", retired);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }
}
