using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Status;
using SmmAgent.Linux.Files;

namespace SmmAgent.Host.Status;

/// <summary>Reads status.json, the file to which the daemon writes its state.</summary>
internal static class StatusReader
{
    /// <summary>The maximum age of the file while the daemon runs.</summary>
    public static readonly TimeSpan MaximumAge = TimeSpan.FromSeconds(60);

    /// <summary>The age at which the daemon counts as stopped.</summary>
    public static readonly TimeSpan StaleAfter = MaximumAge * 3;

    private const int MaximumBytes = 1024 * 1024;

    /// <returns>Null if the content is <c>null</c>.</returns>
    /// <exception cref="JsonException">The content is not a status.</exception>
    internal static AgentStatus? Parse(byte[] content)
    {
        var status = StatusJson.Read(content);
        // Deserialization accepts null items of a list, and the user of the daemon may write any content.
        return status is null || (HasNoNull(status.Conditions) && HasNoNull(status.Gateways) && HasNoNull(status.Ports))
            ? status
            : throw new JsonException("a list has null as an item");
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
            return (null, null, $"{path} is not a status of smm-agent: {JsonErrorText.From(exception)}");
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return (null, null, $"{path} cannot be read: {FileErrors.Reason(exception)}");
        }
    }
}
