using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Checks.HostSetup;

/// <summary>Checks for rules in both backends of iptables: a packet must pass both, and each command shows only its own rules.</summary>
internal sealed class HostBackends() : Check("host-backends", CheckGroup.Host, "iptables")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var firewall = await context.Firewall;
        if (firewall.UnreadableLine is { } unreadable)
            return [unreadable];

        var observed = firewall.Report.Observed;
        var own = Backend.Detect(observed.Filters[0].Tool).TrimStart('-');
        var others = observed.OtherBackend.Where(other => other.State.Value!.Table.ForeignRules() > 0).ToList();
        if (others.Count == 0)
            return [CheckLine.Pass($"only the {own} backend has rules")];

        var shut = PortBlockers.FindAll(firewall.Desired, firewall.Report)
            .Where(hindrance => hindrance.IsCertain && others.Any(other => other.Tool == hindrance.Tool)).ToList();
        var tools = string.Join(" and ", others.Select(other => $"{other.Tool} ({other.State.Value!.Table.ForeignRules()} rules)"));
        var found = $"this host's iptables is {own}, but {tools} also has rules: a packet must pass both";
        var flush = others.Select(other => $"sudo {other.Tool} -P INPUT ACCEPT && sudo {other.Tool} -F");
        var fix = $"move them to iptables, then: {string.Join(" && ", flush)}";
        return
        [
            shut.Count == 0
                ? CheckLine.Warn(found, fix)
                : CheckLine.Fail($"{found}, and it keeps {string.Join(", ", shut.Select(one => one.Port.Port).Distinct())} out", fix),
        ];
    }
}
