using System.Text.Json;
using System.Text.Json.Serialization;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.State;

/// <summary>A mesh configuration that was accepted once, with where and when it came from.</summary>
public sealed record GoodMeshConfig(MeshConfig Config, byte[] Body, string ETag, DashboardTarget From, DateTimeOffset ReceivedAt)
{
    /// <summary>Whether it came over https; a certificate that does not verify yields no configuration.</summary>
    public bool CameOverVerifiedHttps => From.IsHttps;
}

/// <summary>The file with the last good mesh configuration: what the agent works with until the dashboard says otherwise.</summary>
public sealed class LastGoodMeshConfig(string path)
{
    // The body is kept as bytes in base64: a third larger.
    private const int MaximumBytes = (MeshConfig.MaximumBytes * 3 / 2) + 65536;

    /// <summary>Reads the file, and holds the configuration in it against every rule again.</summary>
    /// <returns>The configuration, or null and why: no file is no fault.</returns>
    public (GoodMeshConfig? Good, string? Fault) Load()
    {
        try
        {
            if (AtomicFile.ReadLimited(path, MaximumBytes, isAgents: true) is not { } bytes)
                return (null, null);
            if (JsonSerializer.Deserialize(bytes, LastGoodJson.Default.LastGoodFile) is not { } file)
                return (null, $"{path} is damaged");

            var reading = MeshConfigReader.Read(file.Body);
            if (reading.Value is not { } config)
                return (null, $"{path} is damaged: {reading.Faults[0]}");

            var from = new DashboardTarget(new Uri(file.DashboardUrl), file.Namespace, file.Name);
            return from.Owns(config) && from.IsHttps == file.CameOverVerifiedHttps
                ? (new(config, file.Body, file.ETag, from, file.ReceivedAt), null)
                : (null, $"{path} is damaged: it contradicts itself");
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException or UriFormatException)
        {
            return (null, $"{path} is damaged: {exception.Message}");
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return (null, $"{path} cannot be read: {exception.Message}");
        }
    }

    /// <summary>
    /// The daemon and root each keep their own: the newer one of this dashboard and WorkloadGroup, as far as this user may read them.
    /// </summary>
    /// <returns>The configuration, or null; and why a file could not be used.</returns>
    public static (GoodMeshConfig? Good, IReadOnlyList<string> Faults) Newest(AgentPaths paths, DashboardTarget target)
    {
        var loaded = ((string[])[paths.LastGoodMeshConfig, paths.HostLastGoodMeshConfig]).Select(
            path => new LastGoodMeshConfig(path).Load()).ToList();
        return (
            loaded.Select(one => one.Good).Where(good => good?.From == target).MaxBy(good => good!.ReceivedAt),
            [.. loaded.Select(one => one.Fault).OfType<string>()]);
    }

    /// <summary>Replaces the file.</summary>
    /// <returns>Why it could not be written; null when it was.</returns>
    public string? Save(GoodMeshConfig good)
    {
        var file = new LastGoodFile
        {
            DashboardUrl = good.From.Url.AbsoluteUri,
            Namespace = good.From.Namespace,
            Name = good.From.Name,
            CameOverVerifiedHttps = good.CameOverVerifiedHttps,
            ETag = good.ETag,
            ReceivedAt = good.ReceivedAt,
            Body = good.Body,
        };
        try
        {
            AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(file, LastGoodJson.Default.LastGoodFile), AtomicFile.Private);
            return null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return $"{path} cannot be written: {exception.Message}";
        }
    }
}

internal sealed record LastGoodFile
{
    public required string DashboardUrl { get; init; }

    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public required bool CameOverVerifiedHttps { get; init; }

    public required string ETag { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    public required byte[] Body { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(LastGoodFile))]
internal sealed partial class LastGoodJson : JsonSerializerContext;
