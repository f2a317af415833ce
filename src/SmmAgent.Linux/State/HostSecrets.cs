using System.Text;
using SmmAgent.Core.Redaction;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Identity;

namespace SmmAgent.Linux.State;

/// <summary>The secrets of this host that the agent uses, so that they can be removed from output that other people read.</summary>
/// <param name="Known">The secrets that this user may read.</param>
/// <param name="Hidden">The files with a secret that this user may not read, and that therefore cannot be removed.</param>
public sealed record HostSecrets(KnownSecrets Known, IReadOnlyList<string> Hidden)
{
    // Shorter words of a damaged file would match everywhere.
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
            secrets.AddRange(Words(Content(file, hidden)));
        if (RenewedTokenFile.TokenIn(Content(paths.RenewedToken, hidden)) is { } renewed)
            secrets.Add(renewed);
        if (AgentIdentity.Load(paths.Identity) is { } identity)
            secrets.Add(identity.Key.Value);
        secrets.AddRange(SettingsFile.TryLoad(paths.Settings).Reading.Readable.Proxy.Secrets().Where(word => word.Length >= ShortestWord));
        return new(new KnownSecrets(secrets), hidden);
    }

    // Even content that is not a valid token may contain most of a token.
    private static IEnumerable<string> Words(byte[] content) =>
        Encoding.UTF8.GetString(content).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .Where(word => word.Length >= ShortestWord);

    private static byte[] Content(string file, List<string> hidden)
    {
        try
        {
            return AtomicFile.ReadLimited(file, RenewedTokenFile.MaximumBytes) ?? [];
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            hidden.Add(file);
            return [];
        }
    }
}
