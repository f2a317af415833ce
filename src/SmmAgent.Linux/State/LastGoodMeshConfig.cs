using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.State;

/// <summary>A mesh configuration that was accepted, with its origin and the time when it was received.</summary>
public sealed record GoodMeshConfig(MeshConfig Config, byte[] Body, string ETag, DashboardTarget From, DateTimeOffset ReceivedAt)
{
    /// <summary>Whether it was received over https. A certificate that cannot be verified never yields a configuration.</summary>
    public bool CameOverVerifiedHttps => From.IsHttps;
}

/// <summary>The file with the last valid mesh configuration, which the agent uses until the dashboard returns another one.</summary>
public sealed class LastGoodMeshConfig(string path)
{
    // The body is stored in base64, which is larger by a third.
    private const int MaximumBytes = (MeshConfig.MaximumBytes * 3 / 2) + 65536;

    /// <summary>Reads the file and validates the configuration again.</summary>
    /// <returns>The configuration, or the reason why the file cannot be used. A missing file is not an error: then both are null.</returns>
    public (GoodMeshConfig? Good, string? Fault) Load()
    {
        try
        {
            if (AtomicFile.ReadLimited(path, MaximumBytes, isAgents: true) is not { } bytes)
                return (null, null);
            if (JsonInput.Read(bytes, LastGoodFile.Read) is not { } file)
                return (null, $"{path} is damaged");

            var reading = MeshConfigReader.Read(file.Body);
            if (reading.Value is not { } config)
                return (null, $"{path} is damaged: {reading.Errors[0]}");

            var from = new DashboardTarget(new Uri(file.DashboardUrl), file.Namespace, file.Name);
            return from.Owns(config) && from.IsHttps == file.CameOverVerifiedHttps
                ? (new(config, file.Body, file.ETag, from, file.ReceivedAt), null)
                : (null, $"{path} is damaged: it contradicts itself");
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException or UriFormatException)
        {
            return (null, $"{path} is damaged: {(exception is JsonException json ? JsonErrorText.From(json) : exception.Message)}");
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return (null, $"{path} cannot be read: {FileErrors.Reason(exception, path)}");
        }
    }

    /// <summary>
    /// Loads the newer one of the files of the daemon and of root, if it is of this dashboard and WorkloadGroup and this user may read it.
    /// </summary>
    /// <returns>The configuration, or null; and the reasons why files could not be used.</returns>
    public static (GoodMeshConfig? Good, IReadOnlyList<string> Faults) Newest(AgentPaths paths, DashboardTarget target)
    {
        var loaded = ((string[])[paths.LastGoodMeshConfig, paths.HostLastGoodMeshConfig]).Select(
            path => new LastGoodMeshConfig(path).Load()).ToList();
        return (
            loaded.Select(one => one.Good).Where(good => good?.From == target).MaxBy(good => good!.ReceivedAt),
            loaded.Select(one => one.Fault).OfType<string>().ToArray());
    }

    /// <summary>Replaces the file.</summary>
    /// <returns>The reason why the file could not be written; null on success.</returns>
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
            AtomicFile.Write(path, file.Write(), AtomicFile.Private);
            return null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return $"{path} cannot be written: {FileErrors.Reason(exception)}";
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

    public static LastGoodFile Read(JsonInput json) => new()
    {
        DashboardUrl = json.Required("dashboardUrl").Text(),
        Namespace = json.Required("namespace").Text(),
        Name = json.Required("name").Text(),
        CameOverVerifiedHttps = json.Required("cameOverVerifiedHttps").Flag(),
        ETag = json.Required("eTag").Text(),
        ReceivedAt = json.Required("receivedAt").Time(),
        Body = json.Required("body").Bytes(),
    };

    public byte[] Write() => JsonOutput.Write(this, static (writer, file) =>
    {
        writer.WriteString("dashboardUrl", file.DashboardUrl);
        writer.WriteString("namespace", file.Namespace);
        writer.WriteString("name", file.Name);
        writer.WriteBoolean("cameOverVerifiedHttps", file.CameOverVerifiedHttps);
        writer.WriteString("eTag", file.ETag);
        writer.WriteTime("receivedAt", file.ReceivedAt);
        writer.WriteBase64String("body", file.Body);
    });
}
