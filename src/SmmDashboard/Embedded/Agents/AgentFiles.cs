using System.Net;
using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;

namespace SmmDashboard.Embedded.Agents;

/// <summary>Stores one file per agent below <c>agents/NAMESPACE/GROUP/</c> with the hash of its key and its last report.</summary>
public sealed class AgentFiles(string folder, ILogger<AgentFiles> log)
{
    private const int MaximumBytes = 2 * AgentsEndpoint.MaximumBody;

    /// <summary>The size above which a report is stored without its conditions.</summary>
    public const int LargestFile = 16 * 1024;

    private readonly string _root = Path.Combine(folder, "agents");
    private int _isFailing;

    /// <summary>Lists the agents that have a file. <see cref="Read(GroupId, Guid)"/> reads one.</summary>
    public IEnumerable<(GroupId Group, Guid Uuid)> List()
    {
        OwnerOnlyFile.MakeFolder(_root);
        foreach (var space in Directory.EnumerateDirectories(_root))
        {
            foreach (var group in Directory.EnumerateDirectories(space))
            {
                var name = new GroupId(Path.GetFileName(space), Path.GetFileName(group));
                foreach (var file in Directory.EnumerateFiles(group, "*.json"))
                {
                    if (Guid.TryParseExact(Path.GetFileNameWithoutExtension(file), "D", out var uuid))
                        yield return (name, uuid);
                }
            }
        }
    }

    /// <summary>Reads the agent and its last report; null when there is no valid file, which is logged.</summary>
    public (KnownAgent Agent, AgentReport? Report)? Read(GroupId group, Guid uuid) => Read(FilePath(group, uuid));

    public bool TryWrite(GroupId group, Guid uuid, KnownAgent agent, AgentReport report, bool durable)
    {
        try
        {
            OwnerOnlyFile.MakeFolder(Folder(group));
            OwnerOnlyFile.Write(FilePath(group, uuid), Content(agent, report), durable);
            if (Interlocked.Exchange(ref _isFailing, 0) == 1)
                log.WritesAgain(_root);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (Interlocked.Exchange(ref _isFailing, 1) == 0)
                log.CannotWrite(_root, FileReason.From(exception, FilePath(group, uuid)));
            return false;
        }
    }

    public void Remove(GroupId group, Guid uuid)
    {
        try
        {
            File.Delete(FilePath(group, uuid));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.CannotWrite(_root, FileReason.From(exception, FilePath(group, uuid)));
        }
    }

    // A client with a token controls the content and the number of reports. Only the address is read back; the rest is for people.
    private static byte[] Content(KnownAgent agent, AgentReport report)
    {
        var file = new AgentFile(Convert.ToHexStringLower(agent.KeySha256), agent.SeenAt, report, agent.Instances.Seen, agent.IsProven);
        var content = JsonSerializer.SerializeToUtf8Bytes(file, AgentFileJson.Default.AgentFile);
        if (content.Length <= LargestFile)
            return content;

        var cut = report with
        {
            Host = new HostReport(Cut(report.Host.Hostname), Cut(report.Host.Os), Cut(report.Host.Architecture)),
            Address = report.Address is { } address ? address with { Source = Cut(address.Source) } : null,
            InterfaceAddresses = [],
            Versions = new VersionReport(Cut(report.Versions.Agent), null),
            Conditions = [],
        };
        return JsonSerializer.SerializeToUtf8Bytes(file with { Report = cut }, AgentFileJson.Default.AgentFile);
    }

    private static string Cut(string text) => text.Length <= 64 ? text : text[..64];

    private (KnownAgent Agent, AgentReport? Report)? Read(string path)
    {
        try
        {
            var file = OwnerOnlyFile.Read(path, MaximumBytes) is { } content
                ? JsonSerializer.Deserialize(content, AgentFileJson.Default.AgentFile)
                : null;
            return file?.KeySha256 is { Length: 64 } key
                ? (new KnownAgent(
                    Convert.FromHexString(key), file.Report?.Address?.Value is { } address ? IPAddress.Parse(address) : null, file.SeenAt)
                {
                    IsProven = file.IsProven,
                    IsDetached = file.Report?.Detached == true,
                    Instances = new(
                        file.Instances?.OfType<AgentInstance>().Where(one => one is { Id: not null, Hostname: not null }) ?? []),
                }, IsWhole(file.Report) ? file.Report : null)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or FormatException or IOException or UnauthorizedAccessException
            or InvalidDataException)
        {
            log.CannotRead(path, exception switch
            {
                JsonException json => JsonErrorText.From(json),
                FormatException => "a value has another form",
                _ => FileReason.From(exception, path),
            });
            return null;
        }
    }

    // JSON may have null for any member.
    private static bool IsWhole(AgentReport? report) =>
        report is
        {
            Host: { Hostname: not null, Os: not null, Architecture: not null }, InterfaceAddresses: not null, Conditions: not null,
            Versions.Agent: not null,
        }
        && (report.Address is null or { Value: not null, Source: not null })
        && report.InterfaceAddresses.All(address => address is not null)
        && report.Conditions.All(condition => condition is { Type: not null, Status: not null, Reason: not null, Message: not null });

    private string Folder(GroupId group) => Path.Combine(_root, group.Namespace, group.Name);

    private string FilePath(GroupId group, Guid uuid) => Path.Combine(Folder(group), $"{uuid:D}.json");
}
