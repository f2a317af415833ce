using Microsoft.Extensions.Logging;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Daemon.Reachability;

/// <summary>
/// Logs each gateway address that begins to fail or to answer, with the field SMM_GATEWAY as a filter. The conditions report the effect on
/// the VM, including warnings.
/// </summary>
internal sealed class GatewayJournal(ILogger logger)
{
    private Dictionary<string, string> _failing = [];

    public void Update(IReadOnlyList<GatewayResult> gateways)
    {
        var failing = gateways.Where(result => result.Outcome is not (Outcome.Ok or Outcome.Captured))
            .GroupBy(result => result.Address)
            .ToDictionary(
                gateway => gateway.Key,
                gateway => string.Join(", ", gateway.Select(result => $"{result.Port} {result.Outcome.Name()}")));
        foreach (var (address, ports) in failing)
        {
            if (_failing.GetValueOrDefault(address) != ports)
                GatewayLog.GatewayFails(logger, address, ports);
        }

        // An address that the configuration no longer contains has not recovered.
        var answering = gateways.Where(result => result.Outcome == Outcome.Ok).Select(result => result.Address).ToHashSet();
        foreach (var address in _failing.Keys.Where(address => !failing.ContainsKey(address) && answering.Contains(address)))
            GatewayLog.GatewayAnswers(logger, address);
        _failing = failing;
    }
}
