using System.Globalization;

namespace SmmAgent.Linux.Firewall;

/// <summary>The network capabilities of this process, and with it of its children.</summary>
public static class Capabilities
{
    private const int NetAdmin = 12;

    public static bool HaveNetAdmin()
    {
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("CapEff:", StringComparison.Ordinal));
        return line is not null
            && ulong.TryParse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var set)
            && (set & (1UL << NetAdmin)) != 0;
    }
}
