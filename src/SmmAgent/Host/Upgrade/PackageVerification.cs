using System.Security.Cryptography;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Upgrade;

/// <summary>Verifies a package file of the agent against the dashboard's signed package list, before it is installed.</summary>
/// <param name="isPrivileged">Whether this process is root.</param>
internal sealed class PackageVerification(AgentPaths paths, Progress progress, TimeProvider time, bool isPrivileged)
{
    private const string ByHand = "or verify the package yourself and install it with this host's package manager";

    /// <returns>An exit code.</returns>
    public int Run(string listFile, string packageFile)
    {
        if (!isPrivileged)
        {
            progress.Failed("verify-package must run as root: sudo smm-agent verify-package");
            return ExitCode.NotPermitted;
        }

        try
        {
            var settings = SettingsFile.Load(paths.Settings).Reading;
            if (settings.Settings is null)
            {
                progress.Failed($"{paths.Settings}: {settings.Errors[0]}");
                return ExitCode.Usage;
            }

            return Verify(settings.Settings, UserFile.Read(listFile, SignedPackageList.MaximumBytes), packageFile);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            progress.Failed($"{packageFile} cannot be verified: {FileErrors.Reason(exception, packageFile)}");
            return ExitCode.Failed;
        }
    }

    private int Verify(AgentSettings settings, byte[] list, string packageFile)
    {
        using var file = UserFile.Open(packageFile);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(file));
        var approval = new PackageApproval(PackageTrust.From(settings), new(paths.AcceptedPackageLists), time);
        var (package, failure) = approval.Approve(list, PackageChoice.AgentPackage, sha256);
        if (package is null)
        {
            progress.Failed($"{packageFile} may not be installed: {failure}; {ByHand}");
            return ExitCode.Failed;
        }

        progress.Done($"a trusted key has signed {package.NameAndVersion()}");
        return ExitCode.Done;
    }
}
