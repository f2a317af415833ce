using SmmAgent.Core.Firewall;
using SmmAgent.Core.Sidecar;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Linux.Sidecar;

/// <summary>The rules by which the sidecar captures the host's traffic: they are the sidecar's own, and outlive one that crashes.</summary>
/// <param name="procNet">The <c>/proc/net</c> of the commands' network namespace.</param>
public sealed class SidecarCapture(CommandRunner commands, string procNet = "/proc/self/net")
{
    private const string CleanProgram = "/usr/local/bin/istio-start.sh";
    private const string ChainPrefix = "ISTIO_";

    // Istio's own waits for the xtables lock, too.
    private static readonly TimeSpan CleanTimeout = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan JournalTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Whether anything of the host's traffic is redirected to the sidecar. Where iptables is missing, or does not tell, nothing is seen.</summary>
    public async Task<bool> IsInPlaceAsync(CancellationToken cancel)
    {
        foreach (var tool in Tools())
        {
            if ((await JumpsAsync(tool, cancel)).Jumps.Count > 0)
                return true;
        }

        return false;
    }

    /// <summary>What istio.service wrote to the journal last: a capture that cannot be set up is told of nowhere else. No text where the journal cannot be read.</summary>
    public async Task<SidecarLogText> JournalAsync(CancellationToken cancel)
    {
        var read = await commands.RunAsync(["journalctl", "-u", SidecarObserver.Unit, "-n", "40", "-o", "cat", "--no-pager", "-q"], cancel, timeout: JournalTimeout);
        return read.Succeeded ? new(read.Output, null) : SidecarLogText.Empty;
    }

    /// <summary>Removes them with the sidecar's own program; where that does not do, the jumps to its chains, so that the host is not cut off.</summary>
    /// <returns>Why they are still there; null when they are gone.</returns>
    public async Task<string?> RemoveAsync(CancellationToken cancel)
    {
        var clean = await commands.RunAsync([CleanProgram, "clean"], cancel, timeout: CleanTimeout);
        foreach (var tool in Tools())
        {
            var (jumps, unseen) = await JumpsAsync(tool, cancel);
            if (unseen is not null && !clean.Succeeded)
                return $"{clean.Describe()}; {unseen.Describe()}";
            foreach (var jump in jumps)
            {
                var remove = await commands.RunAsync([tool.Command, "-w", "5", "-t", "nat", "-D", .. jump], cancel);
                if (!remove.Succeeded)
                    return $"{(clean.Succeeded ? "" : clean.Describe() + "; ")}{remove.Describe()}";
            }
        }

        return null;
    }

    /// <summary>The tables of nftables that it makes, as far as they are there.</summary>
    public static List<string> Tables() =>
    [
        .. TableNames.SelectMany(_ => Families, (table, family) => (table, family))
            .Where(one => NftTables.Handle(one.family.Family, one.table) is not null)
            .Select(one => $"{one.family.Word} {one.table}"),
    ];

    /// <summary>Removes such a table, if nothing is in it.</summary>
    public static void RemoveTable(string table)
    {
        foreach (var name in TableNames)
        {
            foreach (var (family, word) in Families)
            {
                if (table == $"{word} {name}")
                    NftTables.RemoveHusk(family, name);
            }
        }
    }

    // raw has the conntrack zones of captured DNS, mangle the marks of TPROXY.
    private static string[] TableNames => ["nat", "mangle", "raw"];

    private static (IpFamily Family, string Word)[] Families => [(IpFamily.IPv4, "ip"), (IpFamily.IPv6, "ip6")];

    // Istio takes the backend that has rules already, which need not be the host's own choice.
    private IEnumerable<FilterTool> Tools()
    {
        foreach (var family in (IpFamily[])[IpFamily.IPv4, IpFamily.IPv6])
        {
            if (family == IpFamily.IPv6 && !File.Exists(Path.Combine(procNet, "if_inet6")))
                continue;

            var own = new FilterTool(family);
            var hasLegacy = LegacyTables.Of(family, procNet).Contains("nat");
            if (Backend.Of(own) == Backend.Nft || hasLegacy)
                yield return own;
            if (Backend.Of(own) == Backend.Legacy || hasLegacy)
                yield return new(family, Backend.Other(Backend.Of(own)));
        }
    }

    // -A PREROUTING -p tcp -j ISTIO_INBOUND
    private async Task<(List<string[]> Jumps, CommandResult? Unseen)> JumpsAsync(FilterTool tool, CancellationToken cancel)
    {
        // With -t the table would be made where there is none.
        var table = await commands.RunAsync([tool.Save], cancel);
        return !table.Succeeded ? ([], table.Ending == CommandEnding.NotFound ? null : table) :
        ([
            .. table.Output.Split('\n')
                .SkipWhile(line => line != "*nat").TakeWhile(line => line != "COMMIT")
                .Where(line => line.StartsWith("-A ", StringComparison.Ordinal) && !line.StartsWith($"-A {ChainPrefix}", StringComparison.Ordinal)
                    && line.Contains($" -j {ChainPrefix}", StringComparison.Ordinal))
                .Select(line => line[3..].Split(' ', StringSplitOptions.RemoveEmptyEntries)),
        ], null);
    }
}
