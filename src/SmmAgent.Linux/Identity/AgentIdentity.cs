using System.Buffers.Text;
using System.Text.Json;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Identity;

/// <summary>What the agent proves with that a uuid is its own. It prints itself as nothing.</summary>
public sealed class AgentKey(string base64Url)
{
    internal string Value => base64Url;

    public override string ToString() => "[redacted]";
}

/// <summary>Who this agent is towards the dashboard: made once, kept over restarts and upgrades.</summary>
/// <param name="MadeUuid">The uuid that was made beside the key; agent.yaml's goes before it.</param>
/// <param name="Replaced">Why an identity that was there could not be used; null in all but that case.</param>
public sealed record AgentIdentity(Guid MadeUuid, AgentKey Key, string? Replaced = null)
{
    /// <summary>What is said of an identity that was copied from another machine.</summary>
    public const string CopiedFromAnotherMachine = "it is another machine's: this VM is a copy, so it gets a uuid and a key of its own";

    private const int KeyBytes = 32;
    private const int MaximumBytes = 4096;

    /// <summary>
    /// The operator's; where agent.yaml has none, or could not be read, the one that was reported last: the dashboard knows this agent by
    /// it.
    /// </summary>
    public Guid Uuid(AgentSettings settings) => settings.Uuid ?? Reported ?? MadeUuid;

    /// <summary>The machine that the key was made on, as <see cref="MachineId"/> has it; null where that is not known.</summary>
    public string? Machine { get; private init; }

    /// <summary>The uuid that was reported last with this key.</summary>
    public Guid? Reported { get; private init; }

    /// <summary>The uuid of the machine that this one is a copy of: it is never reported from here.</summary>
    public Guid? Retired { get; private init; }

    /// <summary>Whether the uuid in force belongs to another machine.</summary>
    public bool IsForeign(AgentSettings settings) => Retired is not null && Uuid(settings) == Retired;

    /// <summary>Reads the identity, or makes one. Starters at the same time get the same one.</summary>
    /// <remarks>One that is not bound to a machine yet, of an earlier version, is bound to this one. One of another machine is
    /// replaced.</remarks>
    /// <param name="fill">Fills a buffer with random bytes that nobody can guess.</param>
    /// <param name="machine">This machine; null where it has no id: then the identity is taken as it is.</param>
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
            : throw new InvalidDataException($"{path}: {again ?? "was removed by someone else"}");
    }

    /// <summary>Writes down that a uuid was reported with this key, so that a copy of this machine knows that it is not its own.</summary>
    /// <returns>The identity as it is now; the same one where the file cannot be written.</returns>
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

    /// <summary>Reads the identity; null where there is none that this user can read.</summary>
    internal static AgentIdentity? Load(string path)
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

    /// <summary>A random uuid.</summary>
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
