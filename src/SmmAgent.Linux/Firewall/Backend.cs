using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Linux.Firewall;

/// <summary>Finds the backend of an iptables command without a start of the command.</summary>
public static class Backend
{
    public const string Nft = "-nft";
    public const string Legacy = "-legacy";

    private static readonly string[] UsualFolders = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

    /// <returns><see cref="Nft"/> or <see cref="Legacy"/>.</returns>
    public static string Detect(FilterTool tool)
    {
        if (tool.Variant.Length > 0)
            return tool.Variant;

        // All commands of iptables are links to one of two programs: xtables-nft-multi or xtables-legacy-multi (before 1.8 xtables-multi).
        var program = Find(tool.Command)?.ResolveLinkTarget(returnFinalTarget: true)?.Name ?? "";
        return program.Contains("nft", StringComparison.Ordinal) ? Nft : Legacy;
    }

    /// <summary>Whether the host has the command.</summary>
    public static bool IsInstalled(FilterTool tool) => Find(tool.Command) is not null;

    private static FileInfo? Find(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(UsualFolders)
            .Select(folder => new FileInfo(Path.Combine(folder, command)))
            .FirstOrDefault(candidate => Commands.ProgramSearch.IsProgram(candidate.FullName));

    public static string Other(string backend) => backend == Nft ? Legacy : Nft;
}
