namespace SmmAgent.Core.Firewall.Rules;

/// <summary>One iptables command of the host, and with it one filter table: a family in a backend.</summary>
/// <param name="Variant">Empty for the default of the host; <c>-nft</c> or <c>-legacy</c> for that backend.</param>
public sealed record FilterTool(IpFamily Family, string Variant = "")
{
    public string Command => (Family == IpFamily.IPv4 ? "iptables" : "ip6tables") + Variant;

    public string Save => Command + "-save";

    public string Restore => Command + "-restore";

    public override string ToString() => Command;
}
