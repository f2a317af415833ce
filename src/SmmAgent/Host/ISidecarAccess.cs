using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host;

/// <summary>The sidecar and the packages of this host, as a host operation reads and changes them.</summary>
internal interface ISidecarAccess
{
    /// <summary>Whether the host has dpkg or rpm.</summary>
    bool HasPackageManager { get; }

    /// <summary>Reads the values of the host and of its name servers that the sidecar's configuration contains.</summary>
    /// <param name="address">The address under which the cluster reaches the VM; null while it is not known.</param>
    Task<SidecarInputs> ReadInputsAsync(AgentSettings settings, MeshConfig config, IPAddress? address, CancellationToken cancel);

    /// <param name="group">Null where the token does not matter.</param>
    Task<ObservedSidecar> ObserveAsync(WorkloadGroup? group, CancellationToken cancel);

    /// <summary>Observes, plans and restores. It fetches neither packages nor tokens.</summary>
    ISidecarRestorer Restorer(IUnits? units);

    /// <summary>Opens the source of packages for one reconcile.</summary>
    /// <param name="force">Whether an operator waits: then a pause after a failed download is skipped.</param>
    SidecarSession Open(AgentSettings settings, IHostDashboard dashboard, IUnits? units, bool force);

    /// <param name="dashboard">Null where no token is fetched.</param>
    ISidecarTokenStore Tokens(IHostDashboard? dashboard);

    /// <summary>Whether the host still has the package of a version, to install that version again.</summary>
    bool HasPackage(string name, string version);

    /// <returns>Null where the package is not installed, or that cannot be read.</returns>
    Task<string?> InstalledVersionAsync(string package, CancellationToken cancel);

    /// <summary>The command with which an operator removes a package.</summary>
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
