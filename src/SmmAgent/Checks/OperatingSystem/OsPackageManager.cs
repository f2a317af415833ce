using SmmAgent.Checks.Observations;
using SmmAgent.Contract;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Packages;

namespace SmmAgent.Checks.OperatingSystem;

/// <summary>Checks for deb or rpm, the formats of the sidecar package.</summary>
internal sealed class OsPackageManager() : Check("os-package-manager", CheckGroup.OperatingSystem, "Package manager")
{
    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel) => One(
        context.System.Packages switch
        {
            { Format: { } format, Installer: { } installer } => CheckLine.Pass($"{format.Word()}, {installer}"),
            { Format: { } format } => CheckLine.Warn(
                $"{format.Word()}, but neither apt-get, dnf, tdnf, yum nor zypper, which would install the dependencies of a package",
                "install the packages that the checks below name"),
            _ => CheckLine.Fail(PackageHost.NoSidecarFormat, "attach a virtual machine with deb or rpm packages"),
        });
}
