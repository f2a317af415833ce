using System.Net;
using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar;

/// <summary>What the sidecar's configuration takes from the host.</summary>
/// <param name="Address">The address under which the cluster reaches the VM.</param>
/// <param name="AddressIsExternal">Whether no interface of the VM has it: then the sidecar's probes go to localhost.</param>
/// <param name="ControlPlane">The addresses of <see cref="Istiod.LedToBy"/>; empty when none is known now.</param>
public sealed record SidecarHost(IPAddress Address, bool AddressIsExternal, IReadOnlyList<IPAddress> ControlPlane);

/// <summary>The sidecar's configuration, as it should be.</summary>
/// <param name="Hosts">The lines of the agent's block in /etc/hosts; empty when no address is known: then the block stays as it is.</param>
public sealed record SidecarConfiguration(IReadOnlyList<SidecarFile> Files, IReadOnlyList<string> Hosts);

/// <summary>Renders what makes a VM a member: the files that Istio's own command would write, without the token.</summary>
public static class SidecarFiles
{
    public const string ClusterEnvironment = "/var/lib/istio/envoy/cluster.env";
    public const string MeshFile = "/etc/istio/config/mesh";
    public const string RootCertificate = "/etc/certs/root-cert.pem";
    public const string Token = "/var/run/secrets/tokens/istio-token";
    public const string HostsFile = "/etc/hosts";

    public const string Root = "root";
    public const string SidecarUser = "istio-proxy";

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Readable = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static ReadResult<SidecarConfiguration> Render(MeshConfig config, SidecarHost host, SidecarOptions options)
    {
        var (proxy, faults) = ProxyConfig.Of(config);
        ProxyMetadata.Add(proxy, config, options);
        var variables = ClusterEnv.Variables(proxy, config, host, options);
        if (faults.Concat(ClusterEnv.Faults(variables)).ToList() is { Count: > 0 } all)
            return ReadResult<SidecarConfiguration>.Refused(all);

        return ReadResult<SidecarConfiguration>.Good(new(
        [
            // root's: what root sources must not be the sidecar's to write.
            new(ClusterEnvironment, ClusterEnv.Write(variables), Root, Readable, ChangeEffect.Restart),
            new(MeshFile, YamlText.Write(proxy.ToMeshFile()), Root, Readable, ChangeEffect.Restart),
            new(RootCertificate, config.Mesh.RootCertificate, SidecarUser, Private, ChangeEffect.Live),
        ],
        Hosts(config, proxy, host.ControlPlane)));
    }

    // The mesh may call the control plane by another name in the cluster, which no DNS outside knows either.
    private static List<string> Hosts(MeshConfig config, ProxyConfig proxy, IReadOnlyList<IPAddress> addresses)
    {
        var discovery = proxy.Text("discoveryAddress");
        var name = discovery.Contains(':', StringComparison.Ordinal) ? discovery[..discovery.LastIndexOf(':')] : "";
        var isOfCluster = name.EndsWith(".svc", StringComparison.Ordinal) || name.EndsWith(".svc.cluster.local", StringComparison.Ordinal);
        var names = isOfCluster && name != Istiod.Host(config.Mesh) ? $"{Istiod.Host(config.Mesh)} {name}" : Istiod.Host(config.Mesh);

        // Name servers answer in another order each time.
        return
        [
            .. addresses.Select(address => (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString())
                .Distinct()
                .OrderBy(address => address.Contains(':', StringComparison.Ordinal))
                .ThenBy(address => address, NaturalOrder.Instance)
                .Select(address => $"{address} {names}"),
        ];
    }
}
