using System.Globalization;
using System.Net;

namespace SmmAgent.Core.Firewall.Rules;

/// <summary>One rule of the agent's chain: it accepts one port from one source.</summary>
/// <param name="Source">Null when anyone may come.</param>
/// <param name="CapturedFrom">The port before the sidecar's capture redirected the connection; null for one that was not redirected.</param>
public sealed record ChainRule(IPNetwork? Source, int Port, int? CapturedFrom, string Comment)
{
    /// <summary>The rule as iptables takes it, without <c>-A CHAIN</c>.</summary>
    public override string ToString()
    {
        var source = Source is { } network ? string.Create(CultureInfo.InvariantCulture, $"-s {network} ") : "";
        var captured = CapturedFrom is { } original
            ? string.Create(CultureInfo.InvariantCulture, $"-m conntrack --ctorigdstport {original} ")
            : "";
        return string.Create(
            CultureInfo.InvariantCulture, $"{source}-p tcp -m tcp --dport {Port} {captured}-m comment --comment \"{Comment}\" -j ACCEPT");
    }
}
