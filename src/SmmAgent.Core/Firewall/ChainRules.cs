using System.Globalization;
using System.Net;

namespace SmmAgent.Core.Firewall;

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

/// <summary>The rules of the agent's chain.</summary>
public static class ChainRules
{
    /// <summary>The agent's chain, in the filter table of each family.</summary>
    public const string Chain = "SMM-AGENT";

    /// <summary>What every comment of the agent's begins with.</summary>
    public const string CommentPrefix = "smm-agent: ";

    /// <summary>Where the sidecar's capture redirects inbound connections to.</summary>
    public const int CapturePort = 15006;

    /// <summary>The one rule in INPUT, without <c>-A INPUT</c>.</summary>
    public const string Jump = $"-m comment --comment \"{CommentPrefix}ports of the mesh\" -j {Chain}";

    public static IReadOnlyList<ChainRule> Build(DesiredFirewall desired, IpFamily family) =>
        [..
            from source in desired.SourcesIn(family)
            from port in desired.Ports
            from rule in Rules(port, source.PrefixLength == 0 ? null : source)
            select rule];

    private static IEnumerable<ChainRule> Rules(OpenPort port, IPNetwork? source)
    {
        var comment = CommentPrefix + Plain(port.Name);

        // A plain rule for the capture's own port would let every captured port through to Envoy.
        if (port.Port != CapturePort)
            yield return new(source, port.Port, null, comment);
        if (port.Captured)
            yield return new(source, CapturePort, port.Port, comment + " captured");
    }

    // Names come from the dashboard; what reaches iptables-restore needs no quoting.
    private static string Plain(string name) =>
        string.Concat(name.Take(63).Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' ? letter : '_'));
}
