using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>The VM's packet filter, as text that can be compared.</summary>
internal static class Firewall
{
    /// <summary>Both families without comments, dates and counters.</summary>
    public static string Snapshot(MeshTestbed bed) => string.Join('\n', ((string[])["iptables-save", "ip6tables-save"])
        .SelectMany(save => bed.Vm.Run(save).Split('\n'))
        .Where(line => !line.StartsWith('#'))
        .Select(line => line.StartsWith(':') ? line[..line.IndexOf('[', StringComparison.Ordinal)] : line));

    public static string Filter(MeshTestbed bed, string save = "iptables-save") => bed.Vm.Run(save, "-t", "filter");

    /// <summary>How many jumps to the agent's chain INPUT has.</summary>
    public static int Jumps(MeshTestbed bed, string save = "iptables-save") =>
        Filter(bed, save).Split('\n')
        .Count(line => line.StartsWith("-A INPUT", StringComparison.Ordinal) && line.Contains("-j SMM-AGENT", StringComparison.Ordinal));

    /// <summary>Whether the agent's chain is in place and whole: reached from INPUT, with a rule for the port.</summary>
    public static bool Opens(MeshTestbed bed, int port, string save = "iptables-save") =>
        Filter(bed, save) is var rules
        && Jumps(bed, save) == 1
        && rules.Contains($"--dport {port} ", StringComparison.Ordinal);
}
