using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Linux.Sidecar;

/// <summary>The rules by which the sidecar captures the host's traffic. The sidecar sets them, and they stay when it crashes.</summary>
/// <remarks>They can be in both backends of iptables, for both address families, and in Istio's own tables of nftables.</remarks>
/// <param name="procNet">The <c>/proc/net</c> of the commands' network namespace.</param>
public sealed class SidecarCapture(CommandRunner commands, string procNet = "/proc/self/net")
{
    private const string CleanProgram = "/usr/local/bin/istio-start.sh";

    // Istio's program also waits for the xtables lock.
    private static readonly TimeSpan CleanTimeout = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan JournalTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether any traffic of the host is redirected to the sidecar. Where iptables is missing or fails, the answer is no.
    /// </summary>
    public async Task<bool> IsInPlaceAsync(CancellationToken cancel) => (await BackendsAsync(cancel)).Count > 0;

    /// <summary>The backends with rules of the capture, of <see cref="CaptureBackends"/>.</summary>
    public async Task<IReadOnlyList<string>> BackendsAsync(CancellationToken cancel)
    {
        HashSet<string> found = [];
        foreach (var tool in Tools())
        {
            if ((await RulesAsync(tool, cancel)).Rules.Count > 0)
                found.Add(BackendOf(tool));
        }

        if ((await NativeTablesAsync(cancel)).Tables.Count > 0)
            found.Add(CaptureBackends.Native);
        return found.Order(StringComparer.Ordinal).ToArray();
    }

    /// <summary>
    /// The last lines of istio.service in the journal: a failure to set up the capture is reported only there. Empty where the journal
    /// cannot be read.
    /// </summary>
    public async Task<SidecarLogText> JournalAsync(CancellationToken cancel)
    {
        var read = await commands.RunAsync(["journalctl", "-u", SidecarObserver.Unit, "-n", "40", "-o", "cat", "--no-pager", "-q"], cancel,
            timeout: JournalTimeout);
        return read.Succeeded ? new(read.Output, null) : SidecarLogText.Empty;
    }

    /// <summary>
    /// Removes the capture with the sidecar's own program. Where that fails, removes the jumps into its chains, so that the host is not cut
    /// off.
    /// </summary>
    /// <returns>Why rules are left; null when all are removed.</returns>
    public async Task<string?> RemoveAsync(CancellationToken cancel)
    {
        var clean = await commands.RunAsync([CleanProgram, "clean"], cancel, timeout: CleanTimeout,
            variables: SidecarFiles.StartEnvironment);
        return await RemoveAsync(_ => true, clean, cancel);
    }

    /// <summary>Removes the jumps into the capture in one backend. A capture in another backend stays.</summary>
    /// <returns>Why rules are left; null when all are removed.</returns>
    public Task<string?> RemoveAsync(string backend, CancellationToken cancel) => RemoveAsync(one => one == backend, null, cancel);

    /// <summary>The existing tables of nftables that iptables creates for the capture.</summary>
    public static List<string> Tables() =>
        CaptureRules.Tables.SelectMany(_ => Families, (table, family) => (table, family))
            .Where(one => NftTables.Handle(one.family.Family, one.table) is not null)
            .Select(one => $"{one.family.Word} {one.table}").ToList();

    /// <summary>Removes such a table if it is empty.</summary>
    public static void RemoveTable(string table)
    {
        foreach (var name in CaptureRules.Tables)
        {
            foreach (var (family, word) in Families)
            {
                if (table == $"{word} {name}")
                    NftTables.RemoveEmptyTable(family, name);
            }
        }
    }

    private static (IpFamily Family, string Word)[] Families => [(IpFamily.IPv4, "ip"), (IpFamily.IPv6, "ip6")];

    private static string BackendOf(FilterTool tool) => Backend.Detect(tool) == Backend.Nft ? CaptureBackends.Nft : CaptureBackends.Legacy;

    /// <param name="clean">The result of the sidecar's own program; null where it was not called.</param>
    private async Task<string?> RemoveAsync(Func<string, bool> isMeant, CommandResult? clean, CancellationToken cancel)
    {
        var whyNotClean = clean is null or { Succeeded: true } ? "" : clean.Describe() + "; ";
        foreach (var tool in Tools().Where(tool => isMeant(BackendOf(tool))))
        {
            var (rules, unobserved) = await RulesAsync(tool, cancel);
            if (unobserved is not null && clean is not { Succeeded: true })
                return whyNotClean + unobserved;
            foreach (var rule in rules)
            {
                IReadOnlyList<string> removal = rule.Rule.IsHandle
                    ? ["nft", "delete", "rule", FamilyOf(tool), rule.Table, rule.Chain, .. rule.Rule.Arguments]
                    : [tool.Command, "-w", "5", "-t", rule.Table, "-D", rule.Chain, .. rule.Rule.Arguments];
                var remove = await commands.RunAsync(removal, cancel);
                if (!remove.Succeeded)
                    return whyNotClean + remove.Describe();
            }

            if (rules.Any(rule => rule.Table == "mangle"))
                await RemoveRouteAsync(tool.Family, cancel);
        }

        var (native, unseenNative) = isMeant(CaptureBackends.Native) ? await NativeTablesAsync(cancel) : ([], null);
        if (unseenNative is not null && clean is not { Succeeded: true })
            return whyNotClean + unseenNative;
        foreach (var table in native)
        {
            var remove = await commands.RunAsync(["nft", "delete", "table", .. table.Split(' ')], cancel);
            if (!remove.Succeeded)
                return whyNotClean + remove.Describe();
        }

        return null;
    }

    // The route of TPROXY back into this host. Without the marks nothing uses it, so a failure does not matter.
    private async Task RemoveRouteAsync(IpFamily family, CancellationToken cancel)
    {
        var option = family == IpFamily.IPv4 ? "-4" : "-6";
        await commands.RunAsync(["ip", option, "rule", "delete", "fwmark", "0x539", "lookup", "133"], cancel);
        await commands.RunAsync(["ip", option, "route", "flush", "table", "133"], cancel);
    }

    // Istio takes the backend that already has rules, which need not be the one that the host uses.
    private IEnumerable<FilterTool> Tools()
    {
        foreach (var family in (IpFamily[])[IpFamily.IPv4, IpFamily.IPv6])
        {
            if (family == IpFamily.IPv6 && !File.Exists(Path.Combine(procNet, "if_inet6")))
                continue;

            var own = new FilterTool(family);
            var hasLegacy = LegacyTables.Existing(family, procNet).Overlaps(CaptureRules.Tables);
            if (Backend.Detect(own) == Backend.Nft || hasLegacy)
                yield return own;
            if (Backend.Detect(own) == Backend.Legacy || hasLegacy)
                yield return new(family, Backend.Other(Backend.Detect(own)));
        }
    }

    private async Task<(IReadOnlyList<CaptureRule> Rules, string? Unseen)> RulesAsync(FilterTool tool, CancellationToken cancel)
    {
        // With -t, the command would create a missing table.
        var saved = await commands.RunAsync([tool.Save], cancel);
        if (!saved.Succeeded)
            return ([], saved.Ending == CommandEnding.NotFound ? null : saved.Describe());
        if (SavedTables.Parse(saved.Output) is not { } tables)
            return ([], $"{tool.Save} printed unreadable output");

        Dictionary<string, FilterTable> shown = [];
        foreach (var name in CaptureRules.Tables)
        {
            // One rule that was written with nft hides the table from iptables; nft still shows it.
            var table = tables.Hidden.Contains(name) ? await NativeAsync(new(FamilyOf(tool), name), cancel) : tables.Table(name);
            if (table is null)
                return ([], $"{tool.Save} cannot show the table {name}");
            shown[name] = table;
        }

        return (CaptureRules.Find(shown), null);
    }

    private async Task<FilterTable?> NativeAsync(NftTable table, CancellationToken cancel) =>
        await new NftObserver(commands).TableAsync(table, cancel) is { } ruleset ? NftFilterTable.Read(ruleset, table) : null;

    private static string FamilyOf(FilterTool tool) => tool.Family == IpFamily.IPv4 ? "ip" : "ip6";

    private async Task<(IReadOnlyList<string> Tables, string? Unseen)> NativeTablesAsync(CancellationToken cancel)
    {
        var listed = await commands.RunAsync(["nft", "list", "tables"], cancel);
        return listed.Succeeded ? (CaptureRules.NativeTables(listed.Output), null)
            : ([], listed.Ending == CommandEnding.NotFound ? null : listed.Describe());
    }
}
