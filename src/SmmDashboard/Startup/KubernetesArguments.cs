using System.CommandLine;
using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes;
using SmmDashboard.Mesh;

namespace SmmDashboard.Startup;

/// <summary>The options of <c>--kubernetes</c>.</summary>
internal sealed class KubernetesArguments
{
    private readonly Option<bool> _kubernetes = new("--kubernetes")
    {
        Description = "Read everything from the Kubernetes API instead of --mesh.",
    };

    private readonly Option<string?> _kubeconfig = new("--kubeconfig")
    {
        Description = "With --kubernetes: the kubeconfig, for use outside a pod. Default: the service account of the pod.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _publicUrl = new("--public-url")
    {
        Description = "With --kubernetes: the URL of the dashboard as VMs see it.",
        HelpName = "URL",
    };

    private readonly Option<string?> _minimumAgentVersion = new("--minimum-agent-version")
    {
        Description = "With --kubernetes: the oldest agent that is accepted. Default: every agent is accepted.",
        HelpName = "VERSION",
    };

    private readonly Option<string[]> _istioNamespaces = new("--istio-namespace")
    {
        Description = "With --kubernetes: a namespace of control planes. May be given several times. Default: istio-system.",
        HelpName = "NAMESPACE",
    };

    private readonly Option<string[]> _gateways = new("--gateway")
    {
        Description = "With --kubernetes: a Service that is a gateway for VMs. May be given several times. Default: detected.",
        HelpName = "NAMESPACE/NAME",
    };

    private readonly Option<string?> _defaultRevision = new("--default-revision")
    {
        Description = "With --kubernetes: the revision or tag of namespaces without the label istio.io/rev. Default: detected.",
        HelpName = "REVISION",
    };

    private readonly Option<string[]> _clusterSources = new("--cluster-source")
    {
        Description = "With --kubernetes: a source network of traffic from the cluster to VMs. May be given several times. Default: any.",
        HelpName = "CIDR",
    };

    private readonly Option<string[]> _clusterRanges = new("--cluster-range")
    {
        Description = "With --kubernetes: a network of the cluster itself, to which no dial-back connects. May be given several times.",
        HelpName = "CIDR",
    };

    private readonly Option<string?> _tokenAudience = new("--token-audience")
    {
        Description = $"With --kubernetes: the audience of bearer tokens. Default: {KubernetesOptions.DefaultTokenAudience}.",
        HelpName = "AUDIENCE",
    };

    private readonly Option<bool> _acceptApiServerTokens = new("--accept-api-server-tokens")
    {
        Description = "With --kubernetes: also accept tokens for the API server, although they give access to the Kubernetes API.",
    };

    public IEnumerable<Option> All =>
    [
        _kubernetes, _kubeconfig, _publicUrl, _minimumAgentVersion, _istioNamespaces, _gateways, _defaultRevision, _clusterSources,
        _clusterRanges, _tokenAudience, _acceptApiServerTokens,
    ];

    /// <summary>The options that select the cluster and the objects to read.</summary>
    public IEnumerable<Option> ClusterOptions => [_kubernetes, _kubeconfig, _istioNamespaces, _gateways, _defaultRevision, _clusterRanges];

    public bool IsGiven(ParseResult result) => result.GetValue(_kubernetes);

    /// <returns>Null without <c>--kubernetes</c>.</returns>
    public KubernetesOptions? Read(ParseResult result, List<string> faults)
    {
        if (!result.GetValue(_kubernetes))
        {
            faults.AddRange(All.Where(option => result.GetResult(option) is { Implicit: false })
                .Select(option => $"{option.Name} needs --kubernetes"));
            return null;
        }

        var publicUrl = result.GetValue(_publicUrl) ?? "";
        if (publicUrl.Length == 0)
            faults.Add("--kubernetes needs --public-url, for example --public-url https://smm.example.com");
        else if (PublicUrl.Rule(publicUrl) is { } reason)
            faults.Add($"--public-url {reason}");

        if (result.GetValue(_tokenAudience) is { Length: 0 })
            faults.Add($"--token-audience '' is empty; for example: --token-audience {KubernetesOptions.DefaultTokenAudience}");
        var minimum = result.GetValue(_minimumAgentVersion);
        Check(_minimumAgentVersion, minimum is null ? [] : [minimum], AgentVersion.Rule, faults);
        var options = ReadCluster(result, faults) with
        {
            PublicUrl = publicUrl.TrimEnd('/'),
            ClusterSources = Check(_clusterSources, result.GetValue(_clusterSources), NameRules.Cidr, faults),
            TokenAudience = result.GetValue(_tokenAudience) ?? KubernetesOptions.DefaultTokenAudience,
            AcceptApiServerTokens = result.GetValue(_acceptApiServerTokens),
        };
        return faults.Count > 0 ? options : options with { MinimumAgentVersion = minimum is null ? null : AgentVersion.Parse(minimum) };
    }

    /// <summary>Reads <see cref="ClusterOptions"/>; the other members have no meaning.</summary>
    public KubernetesOptions ReadCluster(ParseResult result, List<string> faults)
    {
        var ranges = Check(_clusterRanges, result.GetValue(_clusterRanges), NameRules.Cidr, faults);
        Check(_defaultRevision, result.GetValue(_defaultRevision) is { } revision ? [revision] : [], NameRules.LabelValue, faults);
        var namespaces = Check(_istioNamespaces, result.GetValue(_istioNamespaces), NameRules.Label, faults);
        var defaults = new KubernetesOptions { PublicUrl = "" };
        return defaults with
        {
            Kubeconfig = result.GetValue(_kubeconfig),
            Gateways = ReadGateways(result, faults),
            DefaultRevision = result.GetValue(_defaultRevision),
            IstioNamespaces = namespaces.Length > 0 ? namespaces : defaults.IstioNamespaces,
            ClusterRanges = faults.Count > 0 ? [] : [.. ranges.Select(range => IPNetwork.Parse(range))],
        };
    }

    private List<(string Namespace, string Name)> ReadGateways(ParseResult result, List<string> faults)
    {
        var gateways = new List<(string, string)>();
        foreach (var value in result.GetValue(_gateways) ?? [])
        {
            if (value.Split('/') is [var space, var name] && NameRules.Label(space) is null && NameRules.Subdomain(name) is null)
                gateways.Add((space, name));
            else
            {
                faults.Add(
                    $"{_gateways.Name} '{NameRules.Shown(value)}' is not NAMESPACE/NAME of a Service, "
                    + "for example istio-system/istio-eastwestgateway");
            }
        }

        return gateways;
    }

    private static string[] Check(Option option, string[]? values, Func<string, string?> rule, List<string> faults)
    {
        faults.AddRange((values ?? []).Select(rule).OfType<string>().Select(reason => $"{option.Name} {reason}"));
        return values ?? [];
    }
}
