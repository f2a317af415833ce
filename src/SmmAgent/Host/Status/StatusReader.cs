using System.Text.Json;
using SmmAgent.Core.Status;
using SmmAgent.Linux.Files;

namespace SmmAgent.Host.Status;

/// <summary>Reads status.json, the file to which the daemon writes its state.</summary>
internal static class StatusReader
{
    /// <summary>How old the file becomes at most while the daemon runs and nothing changes.</summary>
    public static readonly TimeSpan MaximumAge = TimeSpan.FromSeconds(60);

    /// <summary>The age at which the daemon counts as dead: three times the maximum age, 180 s.</summary>
    public static readonly TimeSpan StaleAfter = MaximumAge * 3;

    private const int MaximumBytes = 1024 * 1024;

    /// <returns>Null when it is <c>null</c>.</returns>
    /// <exception cref="JsonException">It is no status.</exception>
    internal static AgentStatus? Parse(byte[] content)
    {
        var status = JsonSerializer.Deserialize(content, StatusJson.Default.AgentStatus);
        // The daemon's user may write anything there, and deserialization accepts null items of a list.
        return status is null || (HasNoNull(status.Conditions) && HasNoNull(status.Gateways) && HasNoNull(status.Ports)) ? status : throw new JsonException("a list has null as an item");
    }

    private static bool HasNoNull<T>(IReadOnlyList<T> items) => items.All(item => item is not null);

    internal static (byte[]? Content, AgentStatus? Status, string? Fault) Read(string path)
    {
        try
        {
            var content = AtomicFile.ReadLimited(path, MaximumBytes, isAgents: true);
            if (content is null)
                return (null, null, $"smm-agent is not running: {path} does not exist");

            return Parse(content) is { } status ? (content, status, null) : (null, null, $"{path} contains no status");
        }
        catch (JsonException exception)
        {
            return (null, null, $"{path} is not a status of smm-agent: {exception.Message}");
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return (null, null, $"{path} cannot be read: {exception.Message}");
        }
    }
}
