using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using SmmAgent.Contract;

namespace SmmAgent.Linux.Firewall;

/// <summary>One rich rule of the agent: it opens one TCP port, to any source or to one network.</summary>
/// <remarks>
/// The priority marks the owner; no other program has a reason to choose it. Rules with a priority above zero come after all others of the
/// zone, so a deny rule of the operator still wins.
/// </remarks>
internal sealed partial record FirewalldRule(int Port, IPNetwork? Source)
{
    /// <summary>The priority that marks the agent's rules; firewalld 0.7 and later support it.</summary>
    public const int Priority = 16400;

    /// <summary>The rule in firewalld's rich language.</summary>
    public string Text => Source is { } source
        ? $"rule priority=\"{Priority}\" family=\"{Family(source)}\" source address=\"{source}\" "
            + $"port port=\"{Port}\" protocol=\"tcp\" accept"
        : $"rule priority=\"{Priority}\" port port=\"{Port}\" protocol=\"tcp\" accept";

    /// <summary>Reads a rule with the agent's mark and form.</summary>
    public static FirewalldRule? Read(string text)
    {
        if (Ours().Match(text) is not { Success: true } match)
            return null;
        var source = match.Groups["source"] is { Success: true } group ? Cidr.Parse(group.Value) : null;
        return source is null && match.Groups["source"].Success
            ? null
            : new(int.Parse(match.Groups["port"].Value), source);
    }

    /// <summary>The rules that open these ports to these networks; to any source when there is no network.</summary>
    public static IReadOnlyList<FirewalldRule> For(IEnumerable<int> ports, IReadOnlyList<IPNetwork> sources) =>
        (from port in ports.Distinct()
         from rule in sources.Count == 0 ? [new(port, null)] : sources.Select(source => new FirewalldRule(port, source)).Distinct()
         select rule).ToArray();

    private static string Family(IPNetwork network) => network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? "ipv4" : "ipv6";

    [GeneratedRegex(
        "^rule priority=\"16400\"( family=\"ipv[46]\")?( source address=\"(?<source>[0-9A-Fa-f.:/]+)\")? "
        + "port port=\"(?<port>[0-9]{1,5})\" protocol=\"tcp\" accept$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Ours();
}
