using System.Globalization;

namespace SmmAgent.Core.Firewall.Rules;

/// <summary>The agent's chain, in the filter table of each family, and the names that its rules carry.</summary>
public static class AgentChain
{
    public const string Name = "SMM-AGENT";

    /// <summary>The start of every comment in a rule of the agent.</summary>
    public const string CommentPrefix = "smm-agent: ";

    /// <summary>The port to which the sidecar's capture redirects inbound connections.</summary>
    public const int CapturePort = 15006;

    /// <summary>The only rule of the agent in INPUT.</summary>
    public static FilterRule Jump { get; } = CreateJump($"{CommentPrefix}ports of the mesh");

    /// <summary>A rule of the agent's chain: it accepts TCP connections.</summary>
    /// <param name="comment">Without characters that need an escape.</param>
    public static FilterRule Accept(PortMatch match, string comment)
    {
        List<RuleOption> options = [];
        var source = "";
        if (match.Source is { } network)
        {
            source = $"-s {network} ";
            if (network.PrefixLength > 0)
                options.Add(new("-s", network.ToString(), false));
        }

        var port = match.Port.ToString(CultureInfo.InvariantCulture);
        options.AddRange([new("-p", "tcp", false), new("--dport", port, false)]);
        var captured = "";
        if (match.CapturedFrom is { } original)
        {
            var dialled = original.ToString(CultureInfo.InvariantCulture);
            captured = $"-m conntrack --ctorigdstport {dialled} ";
            options.Add(new("--ctorigdstport", dialled, false));
        }

        options.Add(new("--comment", comment, false));
        var text = $"{source}-p tcp -m tcp --dport {port} {captured}-m comment --comment \"{comment}\" -j ACCEPT";
        return new(text, options.ToArray(), "ACCEPT", Goto: false);
    }

    private static FilterRule CreateJump(string comment) =>
        new($"-m comment --comment \"{comment}\" -j {Name}", [new("--comment", comment, false)], Name, Goto: false);
}
