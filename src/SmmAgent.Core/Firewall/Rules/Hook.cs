namespace SmmAgent.Core.Firewall.Rules;

/// <summary>The place where the firewall sees a packet.</summary>
public enum Hook
{
    Input,
    Output,
}

public static class HookNames
{
    /// <summary>The name of the chain of iptables for a hook.</summary>
    public static string ChainOfIptables(this Hook hook) => hook == Hook.Input ? "INPUT" : "OUTPUT";
}
