namespace SmmAgent.Core.Firewall.Rules;

/// <summary>The agent's chain, in the filter table of each family, and the names that its rules carry.</summary>
public static class AgentChain
{
    public const string Name = "SMM-AGENT";

    /// <summary>The start of every comment in a rule of the agent.</summary>
    public const string CommentPrefix = "smm-agent: ";

    /// <summary>The port to which the sidecar's capture redirects inbound connections.</summary>
    public const int CapturePort = 15006;

    /// <summary>The one rule in INPUT, without <c>-A INPUT</c>.</summary>
    public const string Jump = $"-m comment --comment \"{CommentPrefix}ports of the mesh\" -j {Name}";
}
