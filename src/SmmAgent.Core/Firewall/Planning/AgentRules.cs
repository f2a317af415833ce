using System.Net;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>The rules of the agent's chain.</summary>
public static class AgentRules
{
    public static IReadOnlyList<FilterRule> Build(DesiredFirewall desired, IpFamily family) =>
        (from source in desired.SourcesIn(family)
         from port in desired.Ports
         from rule in Rules(port, source.PrefixLength == 0 ? null : source)
         select rule).ToArray();

    private static IEnumerable<FilterRule> Rules(OpenPort port, IPNetwork? source)
    {
        var comment = AgentChain.CommentPrefix + Plain(port.Name);

        // A plain rule for the capture's own port would let every captured port through to Envoy.
        if (port.Port != AgentChain.CapturePort)
            yield return AgentChain.Accept(new(source, port.Port, CapturedFrom: null), comment);
        if (port.Captured)
            yield return AgentChain.Accept(new(source, AgentChain.CapturePort, port.Port), comment + " captured");
    }

    // Names come from the dashboard; what reaches iptables-restore needs no quoting.
    private static string Plain(string name) =>
        string.Concat(name.Take(63).Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' ? letter : '_'));
}
