namespace SmmAgent.Core.Firewall;

public enum IpFamily
{
    IPv4,
    IPv6,
}
