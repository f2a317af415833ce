using SmmAgent.Core.Firewall;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Linux.Sidecar;

/// <summary>The rules by which the sidecar captures the host's traffic: they are the sidecar's own, and outlive one that crashes.</summary>
public sealed class SidecarCapture(CommandRunner commands)
{
    private const string CleanProgram = "/usr/local/bin/istio-start.sh";
    private const string ChainPrefix = "ISTIO_";

    // Istio's own waits for the xtables lock, too.
    private static readonly TimeSpan CleanTimeout = TimeSpan.FromSeconds(60);

    private static readonly string[] Saves = ["iptables-save", "ip6tables-save"];

    /// <summary>Whether anything of the host's traffic is redirected to the sidecar. Where iptables is missing nothing is.</summary>
    public async Task<bool> IsInPlaceAsync(CancellationToken cancel)
    {
        foreach (var save in Saves)
        {
            if ((await JumpsAsync(save, cancel)).Count > 0)
                return true;
        }

        return false;
    }

    /// <summary>Removes them with the sidecar's own program; where that does not do, the jumps to its chains, so that the host is not cut off.</summary>
    /// <returns>Why they are still there; null when they are gone.</returns>
    public async Task<string?> RemoveAsync(CancellationToken cancel)
    {
        var clean = await commands.RunAsync([CleanProgram, "clean"], cancel, timeout: CleanTimeout);
        foreach (var save in Saves)
        {
            foreach (var jump in await JumpsAsync(save, cancel))
            {
                var remove = await commands.RunAsync([save[..^"-save".Length], "-w", "5", "-t", "nat", "-D", .. jump], cancel);
                if (!remove.Succeeded)
                    return $"{(clean.Succeeded ? "" : clean.Describe() + "; ")}{remove.Describe()}";
            }
        }

        return null;
    }

    /// <summary>The tables of nftables that it makes, as far as they are there.</summary>
    public static List<string> Tables() =>
        [.. Families.Where(family => NftTables.Handle(family.Family, "nat") is not null).Select(family => $"{family.Word} nat")];

    /// <summary>Removes such a table, if nothing is in it.</summary>
    public static void RemoveTable(string table)
    {
        foreach (var (family, word) in Families)
        {
            if (table == $"{word} nat")
                NftTables.RemoveHusk(family, "nat");
        }
    }

    private static (IpFamily Family, string Word)[] Families => [(IpFamily.IPv4, "ip"), (IpFamily.IPv6, "ip6")];

    // -A PREROUTING -p tcp -j ISTIO_INBOUND
    // With -t the table would be made where there is none.
    private async Task<List<string[]>> JumpsAsync(string save, CancellationToken cancel)
    {
        var saved = await commands.RunAsync([save], cancel);
        return !saved.Succeeded ? [] :
        [
            .. saved.Output.Split('\n')
                .SkipWhile(line => line != "*nat").TakeWhile(line => line != "COMMIT")
                .Where(line => line.StartsWith("-A ", StringComparison.Ordinal) && !line.StartsWith($"-A {ChainPrefix}", StringComparison.Ordinal)
                    && line.Contains($" -j {ChainPrefix}", StringComparison.Ordinal))
                .Select(line => line[3..].Split(' ', StringSplitOptions.RemoveEmptyEntries)),
        ];
    }
}
