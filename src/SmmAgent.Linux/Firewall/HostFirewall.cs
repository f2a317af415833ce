using System.Globalization;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Firewall;

/// <summary>The firewall of the host: observes it, and executes the steps for iptables.</summary>
/// <param name="runner">Runs the commands, in the network namespace of the firewall.</param>
/// <param name="variant">Empty for the host's own iptables, or <see cref="Backend.Nft"/>, <see cref="Backend.Legacy"/>.</param>
/// <param name="procNet">
/// The <c>/proc/net</c> of that network namespace; with the unit's ProcSubset=pid there is no link of that name.
/// </param>
/// <param name="owned">The tables that the agent made, in the network namespace of this process; null leaves all tables in place.</param>
public sealed class HostFirewall(CommandRunner runner, string variant = "", string procNet = "/proc/self/net", OwnedTables? owned = null)
{
    private readonly NftObserver _nft = new(runner);
    private readonly Iptables[] _own =
        [new(runner, new(IpFamily.IPv4, variant), procNet), new(runner, new(IpFamily.IPv6, variant), procNet)];

    /// <summary>Whether the kernel reports changes of the host's iptables: true for nft, false for legacy.</summary>
    public bool HasKernelEvents => OwnBackend == Backend.Nft;

    private string OwnBackend => Backend.Detect(_own[0].Tool);

    /// <summary>Observes the tables that the agent's chain belongs to.</summary>
    public async Task<IReadOnlyList<ObservedFilter>> ObserveOwnAsync(CancellationToken cancel) => await Task.WhenAll(ObserveOwn(cancel));

    /// <summary>Starts the observation of each of these tables.</summary>
    internal IReadOnlyList<Task<ObservedFilter>> ObserveOwn(CancellationToken cancel) =>
        _own.Select(iptables => ObserveAsync(iptables, cancel)).ToArray();

    /// <summary>Observes everything else that may block a port.</summary>
    public async Task<ObservedFirewall> WithOthersAsync(ObservedFirewall observed, CancellationToken cancel)
    {
        var nft = _nft.ObserveAsync(Native(observed.Filters), cancel);
        var others = Task.WhenAll(Others().Select(iptables => ObserveAsync(iptables, cancel, makesNoTable: true)));
        await Task.WhenAll(nft, others);
        var iptables = observed.Filters.FirstOrDefault(filter => filter.Tool.Family == IpFamily.IPv4);
        var nat = iptables?.Others.GetValueOrDefault("nat") ?? FilterTable.Empty;
        return observed with
        {
            Nft = await nft,
            OtherBackend = (await others).Where(other => other.State.Value is null or { Presence: FilterPresence.Present }).ToArray(),
            Nat = nat,
            Captured = IsCapture(nat)
                || observed.Filters.Concat(await others).Any(filter => CaptureRules.Find(filter.Others).Count > 0)
                || (await nft)?.Value?.Chains.Any(chain => CaptureRules.IsNative(chain.Table.Name)) == true,
        };
    }

    /// <summary>Adds the origin of each table, which a removal needs.</summary>
    public ObservedFirewall WithOrigins(ObservedFirewall observed) => observed with
    {
        Filters = observed.Filters.Select(WithOrigin).ToArray(),
        OtherBackend = observed.OtherBackend.Select(WithOrigin).ToArray(),
    };

    public async Task<StepResult> ApplyAsync(PlanStep step, CancellationToken cancel)
    {
        if (step is RewriteChain rewrite)
        {
            if (Backend.Detect(rewrite.Tool) == Backend.Nft && !rewrite.IsNative)
                owned?.Create(rewrite.Tool.Family);
            return await IptablesOf(rewrite.Tool).ApplyAsync(step, cancel);
        }

        if (step is not RemoveChain remove)
            throw new ArgumentException($"no step for iptables: {step}", nameof(step));

        var result = remove.ChainExists || remove.References.Count > 0
            ? await IptablesOf(remove.Tool).ApplyAsync(step, cancel)
            : new(step, StepOutcome.Done);
        // A program that has used the table since the observation keeps it: then the agent does not remove it.
        return result.Outcome == StepOutcome.Done && remove.RemovesTable && owned?.Remove(remove.Tool.Family) != true
            ? result with { Step = remove with { Empty = null } }
            : result;
    }

    private Iptables IptablesOf(FilterTool tool) => _own.FirstOrDefault(own => own.Tool == tool) ?? new Iptables(runner, tool, procNet);

    private ObservedFilter WithOrigin(ObservedFilter filter) => filter with
    {
        Origin = filter.State.Value is not { Presence: FilterPresence.Present } ? TableOrigin.Others
            : Backend.Detect(filter.Tool) == Backend.Legacy ? TableOrigin.Module
            : owned?.Has(filter.Tool.Family) == true ? TableOrigin.Agent
            : TableOrigin.Others,
    };

    private async Task<ObservedFilter> ObserveAsync(Iptables iptables, CancellationToken cancel, bool makesNoTable = false) =>
        iptables.Tool.Family == IpFamily.IPv6 && !File.Exists(Path.Combine(procNet, "if_inet6"))
            ? new(iptables.Tool, Observation<FilterState>.Known(FilterState.Absent(FilterPresence.FamilyOff)))
            : await iptables.ObserveAsync(cancel, makesNoTable);

    // Reading a legacy table makes the kernel create it (and load its module), so only existing tables are read.
    private IEnumerable<Iptables> Others()
    {
        var other = Backend.Other(OwnBackend);
        foreach (var family in new[] { IpFamily.IPv4, IpFamily.IPv6 })
        {
            if (other == Backend.Nft || LegacyTables.Existing(family, procNet).Count > 0)
                yield return new(runner, new(family, other), procNet);
        }
    }

    private static HashSet<NftTable> Native(IReadOnlyList<ObservedFilter> filters) =>
    [
        .. from filter in filters
           let shown = filter.State.Value?.Native is null ? filter.Hidden : filter.Hidden.Append("filter")
           from name in shown
           select new NftTable(NftFilterTable.ForFamily(filter.Tool.Family).Family, name),
    ];

    // The capture is the redirect of istio-iptables to the inbound port of Envoy; it may also be in another backend.
    private static bool IsCapture(FilterTable nat) =>
        nat.Chains.Values.SelectMany(chain => chain.Rules)
            .Any(rule => rule.Target == "REDIRECT" && rule.Arguments is [.., "--to-ports", var port] && port == CapturePort);

    private static readonly string CapturePort = AgentChain.CapturePort.ToString(CultureInfo.InvariantCulture);
}
