using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host;

/// <summary>Reads and changes the sidecar and the packages of this host for a host operation.</summary>
internal interface ISidecarAccess
{
    /// <summary>Whether the host has dpkg or rpm.</summary>
    bool HasPackageManager { get; }

    /// <summary>Reads the values of the sidecar's configuration that come from the host and its name servers.</summary>
    /// <param name="address">The address at which the cluster reaches the VM; null while it is unknown.</param>
    Task<SidecarInputs> ReadInputsAsync(AgentSettings settings, MeshConfig config, IPAddress? address, CancellationToken cancel);

    /// <param name="group">Null if the token is not evaluated.</param>
    Task<ObservedSidecar> ObserveAsync(WorkloadGroup? group, CancellationToken cancel);

    /// <summary>Observes, plans and restores. It fetches neither packages nor tokens.</summary>
    ISidecarRestorer Restorer(IUnits? units);

    /// <summary>Opens the source of packages for one reconcile.</summary>
    /// <param name="force">Whether an operator waits for the result, so that a failed download is retried without a backoff.</param>
    SidecarSession Open(AgentSettings settings, IHostDashboard dashboard, IUnits? units, bool force);

    /// <param name="dashboard">Null if no token is fetched.</param>
    ISidecarTokenStore Tokens(IHostDashboard? dashboard);

    /// <summary>Whether the package cache has a version, so that it can be installed again.</summary>
    bool HasPackage(string name, string version);

    /// <returns>Null if the package is not installed, or the package database is unreadable.</returns>
    Task<string?> InstalledVersionAsync(string package, CancellationToken cancel);

    /// <summary>The command that removes a package.</summary>
    string RemovalCommand(string package);
}

/// <summary>The parts of one reconcile that fetch packages.</summary>
/// <param name="source">The connections to the source of packages.</param>
internal sealed class SidecarSession(ISidecarReconciler reconciler, IPackageDelivery packages, IDisposable source) : IDisposable
{
    public ISidecarReconciler Reconciler => reconciler;

    public IPackageDelivery Packages => packages;

    public void Dispose() => source.Dispose();
}
