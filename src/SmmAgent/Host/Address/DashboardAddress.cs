using System.Net;
using Microsoft.Extensions.Logging;
using SmmAgent.Core.Address;
using SmmAgent.Core.Network;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Network.Interfaces;

namespace SmmAgent.Host.Address;

/// <summary>Asks the dashboard for the address of this VM.</summary>
/// <param name="client">The client for the settings; null while the dashboard or the WorkloadGroup is not set.</param>
/// <param name="readOwn">Reads the addresses of this VM's interfaces; null for those that the kernel lists.</param>
public sealed class DashboardAddress(
    Func<AgentSettings, DashboardClient?> client, ILogger log, Func<IReadOnlyList<IPAddress>>? readOwn = null)
{
    /// <summary>The addresses of this VM's interfaces.</summary>
    public IReadOnlyList<IPAddress> ReadOwn() => readOwn?.Invoke() ?? InterfaceAddresses.ReadEach().Select(own => own.Address).ToArray();

    /// <returns>Null if the dashboard cannot know the address, or does not answer. Its condition has the reason.</returns>
    public async Task<ProviderResult?> AskAsync(AgentSettings settings, CancellationToken cancel)
    {
        if (!settings.AddressProviders.Contains(AddressProvider.Dashboard))
            return null;
        // Through a proxy the dashboard sees the address of the proxy.
        if (!settings.Proxy.IsNone)
            return null;
        if (client(settings) is not { } dashboard)
            return null;

        var answer = await dashboard.GetSeenAddressAsync(cancel);
        if (answer.Value is { } seen)
            return SeenAddressRules.Evaluate(seen, ReadOwn());

        if (log.IsEnabled(LogLevel.Debug))
            log.DashboardKnowsNoAddress(FailureText.Format(answer.Failure!, dashboard.Target).Message);
        return null;
    }
}
