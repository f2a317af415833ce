using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.OperatingSystem;

/// <summary>deb or rpm: the sidecar comes as one of them.</summary>
internal sealed class OsPackageManager() : Check("os-package-manager", CheckGroup.OperatingSystem, "Package manager")
{
    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel) => One(
        context.System.Packages switch
        {
            { Format: { } format, Installer: { } installer } => CheckLine.Pass($"{format}, {installer}"),
            { Format: { } format } => CheckLine.Warn(
                $"{format}, but neither apt-get, dnf, tdnf, yum nor zypper, which would bring what a package needs",
                "install what the checks below name yourself"),
            _ => CheckLine.Fail("there is neither dpkg nor rpm: the sidecar cannot be installed", "attach a virtual machine with deb or rpm packages"),
        });
}
