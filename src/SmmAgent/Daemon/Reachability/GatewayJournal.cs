using Microsoft.Extensions.Logging;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Daemon.Reachability;

/// <summary>
/// Tells the journal of each address that began to fail or to answer, with the field SMM_GATEWAY to filter by. What it means for the VM
/// is the conditions' to say, and the warning is theirs.
/// </summary>
internal sealed class GatewayJournal(ILogger logger)
{
    private Dictionary<string, string> _failing = [];

    public void Update(IReadOnlyList<GatewayResult> gateways)
    {
        var failing = gateways.Where(result => result.Outcome is not (Outcome.Ok or Outcome.Captured))
            .GroupBy(result => result.Address)
            .ToDictionary(gateway => gateway.Key, gateway => string.Join(", ", gateway.Select(result => $"{result.Port} {result.Outcome.Name()}")));
        foreach (var (address, ports) in failing)
        {
            if (_failing.GetValueOrDefault(address) != ports)
                GatewayLog.GatewayFails(logger, address, ports);
        }

        // One that the configuration no longer names has not come back.
        foreach (var address in _failing.Keys.Where(address => !failing.ContainsKey(address) && gateways.Any(result => result.Address == address && result.Outcome == Outcome.Ok)))
            GatewayLog.GatewayAnswers(logger, address);
        _failing = failing;
    }
}
