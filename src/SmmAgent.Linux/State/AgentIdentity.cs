using System.Buffers.Text;
using System.Text.Json;
using SmmAgent.Core.Settings;

namespace SmmAgent.Linux.State;

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
    private const int KeyBytes = 32;
    private const int MaximumBytes = 4096;

    public Guid Uuid(AgentSettings settings) => settings.Uuid ?? MadeUuid;

    /// <summary>Reads the identity, or makes one. Starters at the same time get the same one.</summary>
    /// <param name="fill">Fills a buffer with random bytes that nobody can guess.</param>
    public static AgentIdentity LoadOrCreate(string path, Action<Span<byte>> fill)
    {
        var found = TryLoad(path, out var fault);
        if (found is not null)
            return found;
        if (fault is not null)
            File.Move(path, path + ".damaged", overwrite: true);

        CreateOnce.Write(path, NewContent(fill), AtomicFile.Private);
        return TryLoad(path, out var again) is { } made
            ? made with { Replaced = fault }
            : throw new InvalidDataException($"{path}: {again ?? "was removed by someone else"}");
    }

    /// <summary>Reads the identity; null where there is none that this user can read.</summary>
    internal static AgentIdentity? Load(string path)
    {
        try
        {
            return TryLoad(path, out _);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
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
                return new(root.GetProperty("uuid").GetGuid(), new AgentKey(key));

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

    private static byte[] NewContent(Action<Span<byte>> fill)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        fill(key);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("uuid", NewUuid(fill));
            json.WriteString("key", Base64Url.EncodeToString(key));
            json.WriteEndObject();
        }

        return stream.ToArray();
    }
}
