using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Network;

namespace SmmAgent.Core.Address;

/// <summary>Decides which address is in force.</summary>
public static class AddressDecision
{
    public const string ConfiguredSource = "configured";
    public const string RouteSource = "route";

    public const string Known = nameof(Known);
    public const string LastKnown = nameof(LastKnown);
    public const string ProvidersDisagree = nameof(ProvidersDisagree);
    public const string NoProviderAnswered = nameof(NoProviderAnswered);
    public const string AnswerRefused = nameof(AnswerRefused);
    public const string AddressNotAllowed = nameof(AddressNotAllowed);
    public const string NoDirectEndpoint = nameof(NoDirectEndpoint);

    private const string SetNodeIp = "sudo smm-agent set node-ip ADDRESS";

    /// <summary>Before a dashboard is set, no provider is queried: a package that is only installed sends no requests.</summary>
    public static AddressState NotConfigured { get; } = new(
        null,
        ConditionUpdate.Unknown(
            ConditionType.AddressKnown, ConditionUpdate.NotConfigured, "no dashboard is set; run: sudo smm-agent set dashboard-url URL"));

    /// <summary>The settings could not be read.</summary>
    public static AddressState SettingsUnknown { get; } =
        NotConfigured with
        {
            AddressKnown = ConditionUpdate.Unknown(
            ConditionType.AddressKnown, ConditionUpdate.NotConfigured, Settings.SettingsState.UnknownReason)
        };

    public static AddressState FromConfigured(IPAddress configured)
    {
        var address = AddressRules.Normalize(configured);
        return AddressRules.ValidateOwn(address) is { } reason
            ? new(null, ConditionUpdate.False(
                ConditionType.AddressKnown, AddressNotAllowed, $"node.ip {reason}; set the one that the cluster reaches: {SetNodeIp}"))
            : Found(address, ConfiguredSource, $"{address}, as configured in node.ip");
    }

    /// <param name="address">The source address of the route to a direct endpoint; null when no endpoint was reached.</param>
    /// <param name="said">The endpoint of the route, or the reason why there is no route.</param>
    public static AddressState FromRoute(IPAddress? address, string said, LastKnownAddress? lastKnown)
    {
        var problem = said;
        if (address is not null)
        {
            address = AddressRules.Normalize(address);
            if (AddressRules.ValidateOwn(address) is not { } reason)
                return Found(address, RouteSource, $"{address}, the source address of the route to {said}");
            problem = $"the source address of the route to {said} is not usable: {reason}";
        }

        return Fallback(lastKnown, problem)
            ?? new(null, ConditionUpdate.False(
                ConditionType.AddressKnown, NoDirectEndpoint, $"{problem}; make one reachable, or {SetNodeIp}"));
    }

    /// <param name="results">One result for each provider, in order of precedence.</param>
    /// <param name="lastKnown">Only when it fits the providers.</param>
    public static AddressState FromProviders(IReadOnlyList<ProviderResult> results, LastKnownAddress? lastKnown)
    {
        var answers = results.Where(result => result.Address is not null).ToList();
        var problems = results.Where(result => result.Problem is not null).Select(result => $"{result.Provider} {result.Problem}").ToList();
        if (answers.Count > 0)
            return FromAnswers(answers, problems, lastKnown);

        if (problems.Count == 0)
            problems.Add("no address provider is configured");
        if (Fallback(lastKnown, string.Join("; ", problems)) is { } fallback)
            return fallback;

        var refused = results.Any(result => result.Outcome == ProviderOutcome.Refused);
        return new(null, ConditionUpdate.False(
            ConditionType.AddressKnown,
            refused ? AnswerRefused : NoProviderAnswered,
            $"{string.Join("; ", problems)}; {SetNodeIp}, or set node.addressProviders to one that this VM reaches"));
    }

    private static AddressState FromAnswers(List<ProviderResult> answers, List<string> problems, LastKnownAddress? lastKnown)
    {
        // The last known address stays in force while a provider confirms it, because a change creates a new entry in the cluster.
        var kept = answers.Find(answer => answer.Address!.Equals(lastKnown?.Value));
        var chosen = kept ?? answers[0];

        // A VM may have an address of each family: only two addresses of one family contradict each other.
        var disagree = answers.GroupBy(answer => answer.Address!.AddressFamily)
            .Any(family => family.Select(answer => answer.Address).Distinct().Count() > 1);
        var message = disagree
            ? $"{string.Join(", ", answers.Select(answer => $"{answer.Provider} says {answer.Address}"))}; "
                + $"{chosen.Address} is used ({(kept is null ? "the first in the list" : "the last known one")}); {SetNodeIp} settles it"
            : chosen.Provider == AddressProvider.DashboardWord ? $"{chosen.Address}, as the dashboard sees it"
            : $"{chosen.Address}, as {chosen.Provider} says";
        if (chosen.Provider.StartsWith("http:", StringComparison.OrdinalIgnoreCase))
            problems.Add("over plain http anyone on the path can change the address: prefer an https provider");

        return Found(
            chosen.Address!, chosen.Provider, string.Join("; ", [message, .. problems]), disagree ? ProvidersDisagree : Known);
    }

    private static AddressState? Fallback(LastKnownAddress? lastKnown, string problem) => lastKnown is null
        ? null
        : Found(
            lastKnown.Value,
            lastKnown.Source,
            $"{lastKnown.Value}, last confirmed {TimeText.Format(lastKnown.ConfirmedAt)} ({lastKnown.Source}), since then nothing "
                + $"fresher: {problem}",
            LastKnown);

    private static AddressState Found(IPAddress address, string source, string message, string reason = Known) =>
        new(new ExternalAddress(address, source), ConditionUpdate.True(ConditionType.AddressKnown, reason, message));
}
