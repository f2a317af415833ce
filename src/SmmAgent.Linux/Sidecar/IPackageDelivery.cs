using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Status;

namespace SmmAgent.Linux.Sidecar;

/// <summary>Packages of the host, as the commands use them. Tests of the commands replace it.</summary>
public interface IPackageDelivery
{
    /// <inheritdoc cref="PackageDelivery.Doing"/>
    string Doing { get; }

    /// <inheritdoc cref="PackageDelivery.InstallAsync"/>
    Task<StepFailure?> InstallAsync(Package package, ReconcilePart part, bool mayDowngrade, CancellationToken cancel);

    /// <inheritdoc cref="PackageDelivery.Has"/>
    bool Has(string name, string version);
}
