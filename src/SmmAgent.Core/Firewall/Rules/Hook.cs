namespace SmmAgent.Core.Firewall.Rules;

/// <summary>Where the kernel shows a packet to the firewall.</summary>
public enum Hook
{
    Input,
    Output,
}

public static class HookNames
{
    /// <summary>The name of iptables' chain of a hook.</summary>
    public static string ChainOfIptables(this Hook hook) => hook == Hook.Input ? "INPUT" : "OUTPUT";
}
