using System.Text;
using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Checks.Ports;

/// <summary>Lists the active firewalls of this host.</summary>
internal sealed class PortsFirewall() : Check("ports-firewall", CheckGroup.Ports, "Firewall")
{
    private const string EnabledInFile = "ENABLED=yes";
    private const int MaximumBytes = 64 * 1024;

    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var firewall = await context.Firewall;
        if (firewall.UnreadableLine is { } unreadable)
            return [unreadable];

        var observed = firewall.Report.Observed;
        var inForce = observed.FirewallsInForce();
        var hasUfw = observed.Filters.Any(filter => observed.HasUfw(filter.Tool));
        return
        [
            CheckLine.Pass(inForce.Count == 0 ? "nothing is blocked" : $"in force: {string.Join(", ", inForce)}"),
            .. !hasUfw && IsUfwEnabled(context.Paths.Root)
                ? [CheckLine.Warn(
                    "ufw is enabled in /etc/ufw/ufw.conf, but none of its chains is active: another program removed them",
                    "sudo ufw reload")]
                : (CheckLine[])[],
            .. SavedRuleFiles.FindWithAgentChain(context.Paths.Root).Select(file => CheckLine.Warn(
                $"{file} was saved with the agent's chain: restored after a detach, it opens the ports again",
                SavedRuleFiles.Remediation(file))),
            .. observed.Nft?.UnknownReason is { } reason
                ? [CheckLine.Warn(
                    $"the nftables rules are unreadable and may block ports: {reason}",
                    "make sure that 'nft -j list ruleset' works as root")]
                : (CheckLine[])[],
        ];
    }

    private static bool IsUfwEnabled(string root)
    {
        try
        {
            return AtomicFile.ReadLimited(Path.Combine(root, "etc/ufw/ufw.conf"), MaximumBytes) is { } file
                && Encoding.UTF8.GetString(file).Split('\n').Any(line => line.Trim() == EnabledInFile);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return false;
        }
    }
}
