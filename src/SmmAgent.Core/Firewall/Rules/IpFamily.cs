namespace SmmAgent.Core.Firewall.Rules;

public enum IpFamily
{
    IPv4,
    IPv6,
}
