using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Firewall;

/// <summary>The existing tables of the legacy iptables: reading another table makes the kernel create it.</summary>
internal static class LegacyTables
{
    public static HashSet<string> Existing(IpFamily family, string procNet)
    {
        try
        {
            return [.. File.ReadAllLines(Path.Combine(procNet, family == IpFamily.IPv4 ? "ip_tables_names" : "ip6_tables_names"))];
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            // Only root may read it. The tables of loaded modules exist; without the list of modules nothing is known.
            return LoadedModules(family == IpFamily.IPv4 ? "iptable_" : "ip6table_");
        }
    }

    private static HashSet<string> LoadedModules(string prefix)
    {
        try
        {
            var modules = File.ReadLines("/proc/modules").Select(line => line.Split(' ')[0]);
            return [.. modules.Where(module => module.StartsWith(prefix, StringComparison.Ordinal))
                .Select(module => module[prefix.Length..])];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
