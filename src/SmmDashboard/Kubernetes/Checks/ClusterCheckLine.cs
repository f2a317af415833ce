namespace SmmDashboard.Kubernetes.Checks;

/// <summary>How a check ended.</summary>
public enum ClusterCheckStatus
{
    /// <summary>The check did not run, and the line gives the reason.</summary>
    Skipped,
    Pass,
    Warn,
    Fail,
}

/// <summary>One line of the report.</summary>
/// <param name="Found">The result in one line.</param>
/// <param name="Fix">The action to take, a command if possible; null when no action is needed.</param>
public sealed record ClusterCheckLine(ClusterCheckStatus Status, string Found, string? Fix = null)
{
    /// <summary>
    /// Which of several it is about, for example <c>istio-system/istio-eastwestgateway</c>; null where there is one only.
    /// </summary>
    public string? Subject { get; init; }

    public static ClusterCheckLine Pass(string? subject, string found) => new(ClusterCheckStatus.Pass, found) { Subject = subject };

    public static ClusterCheckLine Warn(string? subject, string found, string fix) =>
        new(ClusterCheckStatus.Warn, found, fix) { Subject = subject };

    public static ClusterCheckLine Fail(string? subject, string found, string fix) =>
        new(ClusterCheckStatus.Fail, found, fix) { Subject = subject };

    public static ClusterCheckLine Skipped(string? subject, string reason, string? fix = null) =>
        new(ClusterCheckStatus.Skipped, reason, fix) { Subject = subject };
}

/// <summary>What is checked.</summary>
/// <param name="Id">Stable, in kebab case, with its group as prefix.</param>
/// <param name="Group">A heading of the report.</param>
/// <param name="Title">A few words for people.</param>
public sealed record ClusterCheckDefinition(string Id, string Group, string Title)
{
    private const string Kubernetes = "Kubernetes";
    private const string ControlPlane = "Control plane";
    private const string Groups = "Workload groups";
    private const string Rights = "Rights";

    public static readonly ClusterCheckDefinition ApiServer = new("kubernetes-api-server", Kubernetes, "API server");
    public static readonly ClusterCheckDefinition IstioKinds = new("kubernetes-istio-kinds", Kubernetes, "Kinds of Istio");
    public static readonly ClusterCheckDefinition Machines = new("kubernetes-attached-machines", Kubernetes, "AttachedMachine");
    public static readonly ClusterCheckDefinition Objects = new("kubernetes-objects", Kubernetes, "Objects");
    public static readonly ClusterCheckDefinition ServiceRange = new("kubernetes-service-range", Kubernetes, "Service range");
    public static readonly ClusterCheckDefinition Planes = new("control-plane-found", ControlPlane, "Control plane");
    public static readonly ClusterCheckDefinition Tags = new("control-plane-tags", ControlPlane, "Revision tag");
    public static readonly ClusterCheckDefinition Registration = new("control-plane-registration", ControlPlane, "Registration");
    public static readonly ClusterCheckDefinition Gateways = new("control-plane-gateways", ControlPlane, "Gateway");
    public static readonly ClusterCheckDefinition Exposure = new("control-plane-exposure", ControlPlane, "istiod exposed");
    public static readonly ClusterCheckDefinition Configuration = new("workload-groups-configuration", Groups, "Configuration");
    public static readonly ClusterCheckDefinition Namespaces = new("workload-groups-namespaces", Groups, "Namespace");
    public static readonly ClusterCheckDefinition Accounts = new("workload-groups-accounts", Groups, "Service account");
    public static readonly ClusterCheckDefinition RootCertificates = new("workload-groups-root-certificates", Groups, "Root certificate");
    public static readonly ClusterCheckDefinition Entries = new("workload-groups-entries", Groups, "WorkloadEntries");
    public static readonly ClusterCheckDefinition Account = new("rights-account", Rights, "Account");
    public static readonly ClusterCheckDefinition RightsOfCluster = new("rights-cluster", Rights, "Cluster");
    public static readonly ClusterCheckDefinition RightsOfIstio = new("rights-istio-namespaces", Rights, "Istio namespace");
    public static readonly ClusterCheckDefinition RightsOfOwn = new("rights-own-namespace", Rights, "Own namespace");
    public static readonly ClusterCheckDefinition RightsOfVms = new("rights-vm-namespaces", Rights, "VM namespace");

    /// <summary>All of them, in the order of the report.</summary>
    public static readonly IReadOnlyList<ClusterCheckDefinition> All =
    [
        ApiServer, IstioKinds, Machines, Objects, ServiceRange,
        Planes, Tags, Registration, Gateways, Exposure,
        Configuration, Namespaces, Accounts, RootCertificates, Entries,
        Account, RightsOfCluster, RightsOfIstio, RightsOfOwn, RightsOfVms,
    ];
}
