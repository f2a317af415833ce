using System.Text;
using SmmAgent.Core.Redaction;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Linux.State;

/// <summary>The secrets of this host that the agent works with, so that they can be taken out of what is shown to others.</summary>
/// <param name="Known">Those that this user may read.</param>
/// <param name="Hidden">Files with a secret that this user may not read: it cannot be recognised.</param>
public sealed record HostSecrets(KnownSecrets Known, IReadOnlyList<string> Hidden)
{
    // Shorter words of a damaged file would be found everywhere.
    private const int ShortestWord = 4;

    public static HostSecrets Read(AgentPaths paths)
    {
        var hidden = new List<string>();
        var secrets = new List<string>();
        string[] files =
        [
            paths.BearerToken,
            paths.HostToken,
            paths.Root.TrimEnd('/') + SidecarFiles.Token,
        ];
        foreach (var file in files)
            secrets.AddRange(Words(file, hidden));
        if (AgentIdentity.Load(paths.Identity) is { } identity)
            secrets.Add(identity.Key.Value);
        return new(new KnownSecrets(secrets), hidden);
    }

    // Also what is no valid token may be most of one.
    private static string[] Words(string file, List<string> hidden)
    {
        try
        {
            var content = Encoding.UTF8.GetString(AtomicFile.ReadLimited(file, BearerTokenFile.MaximumBytes) ?? []);
            return [.. content.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(word => word.Length >= ShortestWord)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            hidden.Add(file);
            return [];
        }
    }
}
