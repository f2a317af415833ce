using System.Net;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Network;

namespace SmmAgent.Core.Settings;

/// <summary>The validated settings of agent.yaml. smm-agent.yaml(5) documents every key.</summary>
public sealed record AgentSettings
{
    /// <summary>The exposed dashboard; null until <c>set dashboard-url</c>.</summary>
    public Uri? DashboardUrl { get; init; }

    /// <summary>Whether the token may be sent over plain http. Default false.</summary>
    public bool AllowPlaintext { get; init; }

    /// <summary>
    /// PEM file with the certificate authorities that are trusted for the dashboard; null means those of the system.
    /// </summary>
    public string? CaFile { get; init; }

    /// <summary>The proxy for connections to the dashboard. Default none.</summary>
    public ProxySetting Proxy { get; init; } = ProxySetting.None;

    /// <summary>The WorkloadGroup's namespace; null until it was set.</summary>
    public string? Namespace { get; init; }

    /// <summary>The WorkloadGroup's name; null until it was set.</summary>
    public string? Name { get; init; }

    /// <summary>The address under which the cluster reaches the VM; null means to detect it (<c>auto</c>).</summary>
    public IPAddress? NodeIp { get; init; }

    /// <summary>The providers that are queried for the external address, in order of precedence.</summary>
    public IReadOnlyList<AddressProvider> AddressProviders { get; init; } =
        [AddressProvider.Dashboard, new("https://ifconfig.me/ip")];

    public ManagementMode FirewallMode { get; init; } = ManagementMode.Manage;

    /// <summary>Ports of the agent itself that the cluster must reach. Default 16400 and 16401.</summary>
    public IReadOnlyList<int> ManagementPorts { get; init; } = [DashboardApi.AgentPort, DashboardApi.SidecarMetricsPort];

    public SidecarSettings Sidecar { get; init; } = new();

    /// <summary>The keys whose signed package lists are accepted, at most 8; null means the built-in keys.</summary>
    public IReadOnlyList<PackageKey>? TrustedKeys { get; init; }

    /// <summary>Whether the agent installs a newer version of itself that the mesh configuration offers. Default true.</summary>
    public bool SelfUpgrade { get; init; } = true;

    /// <summary>The agent's identity for the dashboard; null until it is created.</summary>
    public Guid? Uuid { get; init; }
}

/// <summary>How the agent manages a part of the host: it changes and checks it, only checks it, or ignores it.</summary>
public enum ManagementMode
{
    Manage,
    Check,
    Off,
}

public sealed record SidecarSettings
{
    public ManagementMode Mode { get; init; } = ManagementMode.Manage;

    public RestartPolicy RestartPolicy { get; init; } = RestartPolicy.Report;

    /// <summary>When the sidecar may be restarted, in local time; only with <see cref="RestartPolicy.Window"/>.</summary>
    public RestartWindow? RestartWindow { get; init; }

    /// <summary>Whether packages named by a dashboard that speaks plain http are installed. Default false.</summary>
    public bool AllowPlaintextPackages { get; init; }

    /// <summary>Whether a sidecar package is installed that no signed list names. Default false.</summary>
    public bool AllowUnsignedPackages { get; init; }

    /// <summary>
    /// SHA-256 (lower-case hexadecimal digits) of sidecar packages that are installed without a signed list; at most 16, default none.
    /// </summary>
    public IReadOnlyList<string> PackageSha256s { get; init; } = [];
}

public enum RestartPolicy
{
    Report,
    Automatic,
    Window,
}
