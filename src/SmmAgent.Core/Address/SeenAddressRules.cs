using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Network;

namespace SmmAgent.Core.Address;

/// <summary>Evaluates the address that the dashboard reports.</summary>
public static class SeenAddressRules
{
    /// <param name="seen">The answer of the dashboard.</param>
    /// <param name="own">The addresses of this VM's interfaces.</param>
    /// <remarks>
    /// A private address must be one of the VM's own. Another one in the same network belongs to a gateway, a proxy or a node of the
    /// cluster that replaced the source address.
    /// </remarks>
    public static ProviderResult Evaluate(SeenAddress seen, IReadOnlyList<IPAddress> own)
    {
        ProviderResult Refused(string problem) => ProviderResult.Refused(AddressProvider.DashboardWord, problem);

        if (!NameRules.IsIPAddress(seen.Address))
            return Refused($"answered '{NameRules.Shown(seen.Address)}', which is not an IP address");

        var address = AddressRules.Normalize(IPAddress.Parse(seen.Address));
        if (seen.Problem is { Length: > 0 } problem)
            return Refused($"sees {address}, but {OneLine.From(problem, OneLine.MaximumDetail)}");
        if (seen is { ViaProxy: true, Source: SeenAddress.FromConnection })
            return Refused($"sees {address}, but the request came through a proxy");
        if (own.Select(AddressRules.Normalize).Contains(address) && AddressRules.ValidateOwn(address) is null)
            return ProviderResult.Answered(AddressProvider.DashboardWord, address);

        return AddressRules.ValidateExternal(address) is { } why
            ? Refused($"sees another address than those of this VM: {why}")
            : ProviderResult.Answered(AddressProvider.DashboardWord, address);
    }

    /// <summary>Whether the answer is used without asking the other providers.</summary>
    /// <remarks>
    /// Another address than those of this VM may be that of a gateway, for example of the cluster in which a load balancer replaced
    /// the source address. The answers of the other providers show the difference.
    /// A cluster may have no IPv6 although its load balancer has, so the other providers are asked before an IPv6 address is used. They
    /// are also asked if the last known address differs, because a change creates a new entry in the cluster.
    /// </remarks>
    public static bool IsSufficient(ProviderResult answer, IReadOnlyList<IPAddress> own, LastKnownAddress? lastKnown) =>
        answer.Address is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetwork } address
        && own.Select(AddressRules.Normalize).Contains(address)
        && (lastKnown is null || lastKnown.Source == AddressProvider.DashboardWord || lastKnown.Value.Equals(address));

    /// <summary>The results in order of precedence.</summary>
    /// <param name="providers">The providers of the settings.</param>
    /// <param name="dashboard">Null if the dashboard was not asked or did not answer.</param>
    /// <param name="others">One result for each provider with a URL, in the order of the settings.</param>
    public static IReadOnlyList<ProviderResult> Order(
        IReadOnlyList<AddressProvider> providers, ProviderResult? dashboard, IReadOnlyList<ProviderResult> others)
    {
        // A dashboard behind a gateway that hides addresses is normal, and not a problem while a provider answers.
        if (dashboard is null || (dashboard.Address is null && others.Any(other => other.Address is not null)))
            return others;

        var isFirst = providers is [{ Url: null }, ..]
            && dashboard.Address?.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6;
        return isFirst ? [dashboard, .. others] : [.. others, dashboard];
    }
}
