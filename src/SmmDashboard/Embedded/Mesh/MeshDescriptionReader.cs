using System.Net;
using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Mesh;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>Reads the mesh description. Each group must obey the same rules that the agent applies to its configuration.</summary>
public static class MeshDescriptionReader
{
    /// <param name="yaml">The text of the file.</param>
    /// <param name="previous">The description before the edit, of which unchanged groups are kept; null for none.</param>
    public static ReadResult<MeshDescription> Read(string yaml, MeshDescription? previous = null)
    {
        var (json, fault) = MeshDescriptionYaml.ToJson(yaml);
        if (json is null)
            return Refused(fault);

        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            return Refused("the mesh description is not a mapping with publicUrl, mesh and groups");

        var faults = new List<InputError>();
        var warnings = new List<string>();
        UnknownKeys.Find(document.RootElement, warnings);

        var root = new ObjectReader(document.RootElement, "", faults);
        var publicUrl = root.String("publicUrl", PublicUrl.Rule);
        var minimumVersion = root.OptionalString("minimumAgentVersion", AgentVersion.Rule);
        var clusterRanges = root.Strings("clusterRanges", NameRules.Cidr);
        faults.AddRange(GroupDocument.MeshFaults(document.RootElement));

        var reading = new Reading(
            document.RootElement, warnings, GroupSources.From(document.RootElement), previous?.Sources ?? GroupSources.None);
        root.List("groups", reading.Read, required: true);
        if (faults.Count > 0)
            return ReadResult<MeshDescription>.Refused([.. faults.Distinct()]);
        if (clusterRanges.Count == 0)
        {
            warnings.Add(
                "clusterRanges: is missing, so a dial-back may reach pods and services; "
                + "list the networks of the cluster, for example [10.244.0.0/16, 10.96.0.0/12]");
        }

        return ReadResult<MeshDescription>.Good(new MeshDescription
        {
            Settings = new MeshSettings(publicUrl.TrimEnd('/'), minimumVersion is null ? null : AgentVersion.Parse(minimumVersion)),
            ClusterRanges = [.. clusterRanges.Select(range => IPNetwork.Parse(range))],
            Groups = reading.Groups,
            TokenSha256s = reading.Tokens,
            Sources = reading.Sources,
            Warnings = warnings,
        });
    }

    /// <summary>The groups that have been read so far.</summary>
    private sealed class Reading(JsonElement root, List<string> warnings, GroupSources sources, GroupSources previous)
    {
        public Dictionary<GroupId, ServedGroup> Groups { get; } = [];

        public Dictionary<GroupId, IReadOnlyList<byte[]>> Tokens { get; } = [];

        public GroupSources Sources => sources;

        public ServedGroup? Read(ObjectReader group)
        {
            var source = GroupSources.Digest(group.Element);
            // A group of a valid description is valid, because its text and that of the mesh are the same.
            var known = sources.IsSameMesh(previous) ? previous.Find(source) : null;
            if ((known ?? ReadChanged(group)) is not { } read)
                return null;

            var (id, name) = (read.Served.Id, GroupDocument.PathInGroup("workloadGroup.name", group.Element));
            if (!Groups.TryAdd(id, read.Served))
                group.Refuse(name, $"'{id}' is a duplicate group");
            Tokens[id] = read.TokenSha256s;
            sources.Add(source, read);
            if (read.TokenSha256s.Count == 0)
                warnings.Add($"groups: '{id}' has no tokenSha256s, so no agent can request it");
            return read.Served;
        }

        private DescribedGroup? ReadChanged(ObjectReader group)
        {
            var sha256s = group.Strings("tokenSha256s", Sha256, required: true);
            var read = GroupDocument.Read(root, group.Element);
            foreach (var fault in read.Errors.Where(fault => !GroupDocument.IsMeshFault(fault)))
                group.Refuse(GroupDocument.PathInGroup(fault.Path, group.Element), fault.Reason);
            if (read.Value is not { } config || sha256s.Any(token => Sha256(token) is not null))
                return null;

            var served = new ServedGroup(config);
            if (served.Body.Length > MeshConfig.MaximumBytes)
            {
                group.Refuse(
                    GroupDocument.PathInGroup("workloadGroup.name", group.Element),
                    $"the configuration of '{served.Id}' has {served.Body.Length} bytes; agents accept at most {MeshConfig.MaximumBytes}");
            }

            return new DescribedGroup(served, [.. sha256s.Select(Convert.FromHexString)]);
        }
    }

    private static ReadResult<MeshDescription> Refused(string reason) => ReadResult<MeshDescription>.Refused([new InputError("", reason)]);

    // The message does not contain the value, because it may be the token itself.
    private static string? Sha256(string value) =>
        value.Length == 64 && value.All(char.IsAsciiHexDigit)
            ? null
            : "is not a SHA-256 in hex, 64 digits (printf %s \"$TOKEN\" | sha256sum)";
}
