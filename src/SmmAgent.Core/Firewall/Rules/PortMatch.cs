using System.Net;
using SmmAgent.Contract;

namespace SmmAgent.Core.Firewall.Rules;

/// <summary>The connections that a rule of the agent accepts.</summary>
/// <param name="Source">Null for any source.</param>
/// <param name="CapturedFrom">The port before the sidecar's capture redirected the connection; null when it was not redirected.</param>
public readonly record struct PortMatch(IPNetwork? Source, int Port, int? CapturedFrom)
{
    /// <returns>Null for a rule that the agent does not write.</returns>
    public static PortMatch? From(FilterRule rule)
    {
        IPNetwork? source = null;
        var (port, captured) = (0, 0);
        foreach (var option in rule.Options)
        {
            if (option.Name == "-s")
            {
                if (Cidr.Parse(option.Value) is not { } network)
                    return null;
                source = network;
            }
            else if (option.Name == "--dport")
            {
                _ = int.TryParse(option.Value, out port);
            }
            else if (option.Name == "--ctorigdstport")
            {
                _ = int.TryParse(option.Value, out captured);
            }
        }

        return port > 0 ? new(source, port, captured > 0 ? captured : null) : null;
    }
}
