using System.Text;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Firewall;

/// <summary>
/// Files from which other programs restore a firewall at boot or at their start, and that were written while the agent's chain existed.
/// </summary>
/// <remarks>
/// The agent does not change them, because they belong to the operator. Restored after a detach, they open all ports again.
/// </remarks>
public static class SavedRuleFiles
{
    /// <summary>Larger files are not read.</summary>
    public const int MaximumBytes = 16 * 1024 * 1024;

    private static readonly string[] Files =
    [
        "etc/sysconfig/iptables", "etc/sysconfig/ip6tables", "etc/sysconfig/iptables.save", "etc/sysconfig/ip6tables.save",
        "etc/sysconfig/nftables.conf",
        "etc/nftables.conf", "etc/iptables.rules", "etc/ip6tables.rules", "etc/iptables.up.rules", "etc/ip6tables.up.rules",
        "var/lib/iptables/rules-save", "var/lib/ip6tables/rules-save", "var/lib/nftables/rules-save", "etc/firewalld/direct.xml",
    ];

    // Of iptables-persistent and Arch, of nftables, and of ufw.
    private static readonly string[] Folders = ["etc/iptables", "etc/nftables", "etc/nftables.d", "etc/ufw"];

    /// <param name="root">The folder that stands for <c>/</c>.</param>
    /// <returns>The files that contain the agent's chain, in a fixed order. Unreadable files are left out.</returns>
    public static IReadOnlyList<string> FindWithAgentChain(string root) =>
        Files.Select(file => Path.Combine(root, file))
            .Concat(Folders.SelectMany(folder => InFolder(Path.Combine(root, folder)))).Where(HasChain).ToArray();

    /// <summary>The fix for such a file.</summary>
    public static string Remediation(string file) =>
        file.Contains("nft", StringComparison.Ordinal) || file.EndsWith(".xml", StringComparison.Ordinal)
        || file.Contains("/ufw/", StringComparison.Ordinal)
            ? $"remove the chain {AgentChain.Name} and the jump to it from it"
            : $"sudo sed -i --follow-symlinks /{AgentChain.Name}/d {file}";

    private static string[] InFolder(string folder)
    {
        try
        {
            return Directory.GetFiles(folder).Order(StringComparer.Ordinal).ToArray();
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return [];
        }
    }

    private static bool HasChain(string file)
    {
        try
        {
            var path = new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file;
            return AtomicFile.ReadLimited(path, MaximumBytes) is { } content
                && content.AsSpan().IndexOf(Encoding.ASCII.GetBytes(AgentChain.Name)) >= 0;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return false;
        }
    }
}
