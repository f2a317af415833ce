using System.Net;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Address;

/// <summary>The address under which the cluster reaches the VM.</summary>
/// <param name="Value">An IPv4 or IPv6 address, never an IPv4-mapped one.</param>
/// <param name="Source"><c>configured</c>, <c>route</c>, <c>dashboard</c>, or the provider's URL.</param>
public sealed record ExternalAddress(IPAddress Value, string Source);

/// <summary>What is known of the external address.</summary>
/// <param name="Address">The address in force; the last known one through an outage.</param>
public sealed record AddressState(ExternalAddress? Address, ConditionUpdate AddressKnown)
{
    public static AddressState Initial { get; } = new(null, ConditionUpdate.NotObserved(ConditionType.AddressKnown));
}
