using System.Net;

namespace SmmAgent.Core.Firewall.Rules;

/// <summary>A TCP port that is open to one network.</summary>
/// <param name="Source">Null for any source.</param>
public readonly record struct PortOpening(int Port, IPNetwork? Source)
{
    public override string ToString() => Source is { } source ? $"{Port} from {source}" : $"{Port}";
}
