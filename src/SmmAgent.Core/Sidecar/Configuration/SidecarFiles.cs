using System.Net;
using System.Net.Sockets;
using SmmAgent.Contract;
using SmmAgent.Core.Text;
using SmmAgent.Core.Yaml;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>The properties of the host in the sidecar's configuration.</summary>
/// <param name="Address">The address under which the cluster reaches the VM.</param>
/// <param name="AddressIsExternal">Whether no interface of the VM has the address. Then the sidecar's probes go to localhost.</param>
/// <param name="ControlPlane">The addresses of <see cref="Istiod.HostSources"/>; empty when none is known now.</param>
/// <param name="IsComplete">Whether the addresses are complete, because every name was resolved.</param>
public sealed record SidecarHost(IPAddress Address, bool AddressIsExternal, IReadOnlyList<IPAddress> ControlPlane, bool IsComplete = true)
{
    /// <summary>
    /// The id of the agent's group, which the sidecar must exclude from its capture; null where there is no such group.
    /// </summary>
    public uint? AgentGroup { get; init; }

    /// <summary>The backend of the host's own iptables, of <see cref="CaptureBackends"/>; null where there is no iptables.</summary>
    public string? IptablesBackend { get; init; }

    /// <summary>Whether Istio could take the other backend.</summary>
    public bool HasBothBackends { get; init; }

    /// <summary>Whether an interface of the VM has an IPv4 address that other hosts can use.</summary>
    public bool HasIPv4 { get; init; }

    /// <summary>Whether Istio would capture IPv4 only, although the VM registers an IPv6 address.</summary>
    public bool NeedsDualStack => HasIPv4 && Address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false };
}

/// <summary>The sidecar's configuration, as it should be.</summary>
/// <param name="Hosts">The lines of the agent's block in /etc/hosts; empty when no address is known: then the block stays as it is.</param>
/// <param name="HostsAreComplete">Whether the lines are complete; otherwise the present lines stay as well.</param>
public sealed record SidecarConfiguration(IReadOnlyList<SidecarFile> Files, IReadOnlyList<string> Hosts, bool HostsAreComplete = true)
{
    /// <summary>Where the sidecar's next start captures, one of <see cref="CaptureBackends"/>; null where that is not known.</summary>
    public string? CaptureBackend { get; init; }

    /// <summary>The variables with which the sidecar captures no traffic, each with its value; empty when it captures.</summary>
    public IReadOnlyList<string> CaptureOff { get; init; } = [];

    /// <summary>Whether both address families are captured only because the agent asks for it.</summary>
    public bool IsDualStack { get; init; }

    /// <summary>The lines that the block gets, as the file is now.</summary>
    /// <param name="text">One char for each byte (Latin-1).</param>
    public IReadOnlyList<string> MergeHosts(string text) => HostsAreComplete ? Hosts : Hosts.Union(HostsBlock.Lines(text)).ToArray();
}

/// <summary>Renders the files that make a VM a member of the mesh, as Istio's own command writes them, without the token.</summary>
public static class SidecarFiles
{
    /// <summary>
    /// The folder of the files that root sources for the sidecar. Only root can write to it; the folder of the sidecar's package belongs to
    /// istio-proxy.
    /// </summary>
    public const string EnvironmentFolder = "/etc/smm/sidecar";

    public const string ClusterEnvironment = EnvironmentFolder + "/cluster.env";

    /// <summary>
    /// The operator's own settings of the sidecar, which root also sources. Detach leaves this file, because it is configuration.
    /// </summary>
    public const string OperatorEnvironment = EnvironmentFolder + "/sidecar.env";

    /// <summary>Has istio.service source the two files above instead of those of the package's folder.</summary>
    public const string DropIn = "/etc/systemd/system/istio.service.d/10-smm-agent.conf";

    /// <summary>The folder of the sidecar's package, where istio-start.sh finds its files by default. It belongs to istio-proxy.</summary>
    public const string PackageFolder = "/var/lib/istio/envoy";

    /// <summary>Where Istio's own guide and earlier versions of the agent write cluster.env.</summary>
    public const string PackageClusterEnvironment = PackageFolder + "/cluster.env";

    /// <summary>The package's configuration file for operators. It has no effect while <see cref="DropIn"/> is there.</summary>
    public const string PackageOperatorEnvironment = PackageFolder + "/sidecar.env";

    /// <summary>The file to which earlier versions of the agent moved a sidecar.env that did not belong to root.</summary>
    public const string DistrustedEnvironment = PackageOperatorEnvironment + ".not-sourced";

    public const string MeshFile = "/etc/istio/config/mesh";
    public const string RootCertificate = "/etc/certs/root-cert.pem";

    /// <summary>
    /// The certificate chain and the key that the sidecar got from the control plane. It keeps them over a restart and prefers them to the
    /// token.
    /// </summary>
    public const string Certificate = "/etc/certs/cert-chain.pem";
    public const string Key = "/etc/certs/key.pem";

    public const string Token = "/var/run/secrets/tokens/istio-token";
    public const string HostsFile = "/etc/hosts";

    /// <summary>The certificate chain and its key.</summary>
    public static IReadOnlyList<string> CertificateFiles { get; } = [Certificate, Key];

    /// <summary>The sidecar's credentials: its token, and the certificate and key that it got for it.</summary>
    public static IReadOnlyList<string> CredentialFiles { get; } = [Token, Certificate, Key];

    public const string Tokens = "/var/run/secrets/tokens";

    public const string Root = "root";
    public const string SidecarUser = "istio-proxy";

    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode FolderMode = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode Readable = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>
    /// The environment with which istio-start.sh runs, as a unit and by hand: so it never sources a file that the sidecar's user can write.
    /// </summary>
    public static IReadOnlyDictionary<string, string> StartEnvironment { get; } = new Dictionary<string, string>
    {
        ["ISTIO_SIDECAR_CONFIG"] = OperatorEnvironment,
        ["ISTIO_CLUSTER_CONFIG"] = ClusterEnvironment,
    };

    /// <summary>The command by which an operator removes the capture by hand.</summary>
    public static string CleanCommand { get; } =
        $"sudo env {string.Join(' ', StartEnvironment.Select(variable => $"{variable.Key}={variable.Value}"))} "
            + "/usr/local/bin/istio-start.sh clean";

    /// <summary>The agent's drop-in of istio.service.</summary>
    public static SidecarFile DropInFile { get; } = new(
        DropIn,
        $"""
        # Written by smm-agent; removed by "smm-agent detach". Root sources these files at each start and stop of the sidecar. The folder in which
        # istio-start.sh looks by default belongs to istio-proxy. Settings of the operator belong into {OperatorEnvironment}.
        [Service]
        {string.Join('\n', StartEnvironment.Select(variable => $"Environment={variable.Key}={variable.Value}"))}

        """,
        Root,
        Readable,
        NeedsRestart: false);

    /// <summary>Folders that exist for the agent's files alone: one that is empty goes with the last of them.</summary>
    public static IReadOnlyList<string> OwnFolders { get; } = [EnvironmentFolder, "/etc/systemd/system/istio.service.d"];

    /// <summary>
    /// The entries of the package's folder. The sidecar's user may put anything there, so an unreadable entry counts as a file without
    /// content.
    /// </summary>
    public static IReadOnlyList<string> PackageFiles { get; } = [PackageClusterEnvironment, PackageOperatorEnvironment];

    /// <summary>The folders that the sidecar and its package create.</summary>
    public static IReadOnlyList<string> Folders { get; } = ["/etc/istio", "/var/lib/istio", "/var/log/istio", "/etc/certs",
        "/var/run/secrets"];

    /// <summary>The sidecar's entries in those of the folders that other programs may use, because their names are not Istio's.</summary>
    public static IReadOnlyDictionary<string, string[]> OwnInFolder { get; } = new Dictionary<string, string[]>
    {
        ["/etc/certs"] = ["root-cert.pem", "cert-chain.pem", "key.pem"],
        ["/var/run/secrets"] = ["tokens", "workload-spiffe-uds", "workload-spiffe-credentials", "credential-uds"],
    };

    /// <summary>Folders of the host that a package manager removes with the sidecar's package, if they are empty.</summary>
    public static IReadOnlyList<string> SharedFolders { get; } = ["/usr/local/bin", "/usr/local/lib"];

    /// <summary>The files whose change triggers an observation.</summary>
    public static IReadOnlyList<string> Watched { get; } = [DropIn, ClusterEnvironment, OperatorEnvironment, MeshFile, RootCertificate,
        Token, HostsFile];

    /// <summary>All observed files.</summary>
    public static IReadOnlyList<string> Observed { get; } =
        Watched.Concat(Folders).Concat(SharedFolders).Concat(PackageFiles).Concat([EnvironmentFolder, PackageFolder,
            DistrustedEnvironment, Certificate, Key]).ToArray();

    public static ReadResult<SidecarConfiguration> Render(MeshConfig config, SidecarHost host, SidecarOptions options)
    {
        var (proxy, faults) = ProxyConfig.Merge(config);
        ProxyMetadata.Add(proxy, config, options);
        var variables = ClusterEnv.Variables(proxy, config, host, options);
        if (faults.Concat(ClusterEnv.Faults(variables)).ToList() is { Count: > 0 } all)
            return ReadResult<SidecarConfiguration>.Refused(all);

        return ReadResult<SidecarConfiguration>.Good(new(
        [
            // Root owns them, because the sidecar must not be able to write a file that root sources.
            new(ClusterEnvironment, ClusterEnv.Write(variables), Root, Readable, NeedsRestart: true),
            new(MeshFile, YamlText.Write(proxy.ToMeshFile()), Root, Readable, NeedsRestart: true),
            new(RootCertificate, config.Mesh.RootCertificate, SidecarUser, Private, NeedsRestart: false),
        ],
        Hosts(config, proxy, host.ControlPlane),
        host.IsComplete)
        {
            CaptureOff = CaptureVariables.SwitchingOff(variables),
            CaptureBackend = CaptureBackends.Chosen(variables) ?? host.IptablesBackend,
            IsDualStack = host.NeedsDualStack && !proxy.Metadata.ContainsKey(ClusterEnv.DualStack),
        });
    }

    // The mesh may use another name of the control plane in the cluster, which is not in a DNS outside either.
    private static List<string> Hosts(MeshConfig config, ProxyConfig proxy, IReadOnlyList<IPAddress> addresses)
    {
        var discovery = proxy.Text("discoveryAddress");
        var name = discovery.Contains(':', StringComparison.Ordinal) ? discovery[..discovery.LastIndexOf(':')] : "";
        var isOfCluster = name.EndsWith(".svc", StringComparison.Ordinal) || name.EndsWith(".svc.cluster.local", StringComparison.Ordinal);
        var names = isOfCluster && name != Istiod.Host(config.Mesh) ? $"{Istiod.Host(config.Mesh)} {name}" : Istiod.Host(config.Mesh);

        // The order of the answers of name servers varies.
        return
            addresses.Select(address => (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString())
                .Distinct()
                .OrderBy(address => address.Contains(':', StringComparison.Ordinal))
                .ThenBy(address => address, NaturalOrder.Instance)
                .Select(address => $"{address} {names}").ToList();
    }
}
