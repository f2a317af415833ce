using System.Net;
using System.Net.Sockets;
using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Network;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Network.Connections;
using SmmAgent.Linux.Network.Interfaces;
using SmmAgent.Linux.Network.Names;

namespace SmmAgent.Linux.Sidecar;

/// <summary>Observes what the sidecar's configuration takes from the host and its name servers.</summary>
public sealed class SidecarInputReader(NameLookup names, PackageTools tools)
{
    /// <param name="address">The address under which the cluster reaches the VM; null while it is not known.</param>
    public async Task<SidecarInputs> ReadAsync(AgentSettings settings, MeshConfig config, IPAddress? address, CancellationToken cancel)
    {
        SidecarHost? host = null;
        if (address is not null)
        {
            var own = InterfaceAddresses.Read();
            var isExternal = !own.Contains(address.ToString());
            var lookups = await Task.WhenAll(Istiod.HostSources(config).Select(name => names.LookUpAsync(name, cancel)));
            host = new(address, isExternal, lookups.SelectMany(lookup => lookup.Addresses).Distinct().ToArray(),
                lookups.All(lookup => lookup.Addresses.Count > 0))
            {
                AgentGroup = AgentGroup.Number,
                IptablesBackend = Backend.IsInstalled(new(IpFamily.IPv4)) ? Backend.Detect(new(IpFamily.IPv4)).TrimStart('-') : null,
                HasBothBackends = Backend.IsInstalled(new(IpFamily.IPv4, Backend.Nft))
                    && Backend.IsInstalled(new(IpFamily.IPv4, Backend.Legacy)),
                HasIPv4 = own.Any(one => IPAddress.Parse(one) is { AddressFamily: AddressFamily.InterNetwork } found
                    && AddressRules.Classify(found) != AddressClass.LinkLocal),
            };
        }

        return new(settings, config, host, Environment.MachineName, Packages(settings));
    }

    /// <summary>The packages that the host can have; null where it has neither dpkg nor rpm, or no dashboard is set.</summary>
    public PackageHost? Packages(AgentSettings settings) => tools.Format is not { } format || settings.DashboardUrl is not { } dashboard
        ? null
        : new(
            format,
            HostFacts.Architecture,
            PackageChoice.IsTrusted(dashboard, settings.Sidecar),
            PackageTrust.From(settings));
}
