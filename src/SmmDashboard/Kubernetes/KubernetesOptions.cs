using System.Net;

namespace SmmDashboard.Kubernetes;

/// <summary>The options of the dashboard in a cluster; everything else is read from the API server.</summary>
public sealed record KubernetesOptions
{
    public const string DefaultTokenAudience = "smm-dashboard";

    /// <summary>The kubeconfig; null uses the pod's service account.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>The dashboard's URL as VMs see it, without a slash at its end.</summary>
    public required string PublicUrl { get; init; }

    /// <summary>Older agents are refused with 426; null accepts every agent.</summary>
    public Version? MinimumAgentVersion { get; init; }

    /// <summary>The namespaces of control planes. Of two control planes of the same revision the first namespace's counts.</summary>
    public IReadOnlyList<string> IstioNamespaces { get; init; } = ["istio-system"];

    /// <summary>The Services that are gateways; empty finds them.</summary>
    public IReadOnlyList<(string Namespace, string Name)> Gateways { get; init; } = [];

    /// <summary>The revision or tag of namespaces without the label istio.io/rev; null finds it.</summary>
    public string? DefaultRevision { get; init; }

    /// <summary>CIDRs that the cluster's traffic comes from; empty means any.</summary>
    public IReadOnlyList<string> ClusterSources { get; init; } = [];

    /// <summary>Ranges of the cluster itself, which no dial-back goes to, beside those that the API server knows.</summary>
    public IReadOnlyList<IPNetwork> ClusterRanges { get; init; } = [];

    /// <summary>The audience of bearer tokens.</summary>
    public string TokenAudience { get; init; } = DefaultTokenAudience;

    /// <summary>Whether tokens for the API server are also accepted as bearer tokens. They open more than the dashboard.</summary>
    public bool AcceptApiServerTokens { get; init; }

    /// <summary>The dashboard's own namespace: the pod's, or that of the kubeconfig's context.</summary>
    public string Namespace { get; init; } = "smm-dashboard";

    /// <summary>This replica's name: the pod's, or the host's.</summary>
    public string Replica { get; init; } = Environment.MachineName;
}
