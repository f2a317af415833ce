using System.CommandLine;
using System.Security.Cryptography;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Sidecar;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.State;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent verify-package</c>: the install script runs it before an upgrade of the agent.</summary>
internal static class VerifyPackageCommand
{
    private const string ByHand = "or verify the package yourself and install it with this host's package manager";

    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var list = new Option<string>("--list") { Description = "the dashboard's signed package list", HelpName = "FILE", Required = true };
        var package = new Argument<string>("PACKAGE") { Description = "the file of a package of smm-agent" };
        var command = new Command("verify-package", "Verify that a signed package list names a package of smm-agent.") { list, package };
        command.Hidden = true;
        command.SetAction(parsed => Run(paths(parsed), parsed.GetRequiredValue(list), parsed.GetRequiredValue(package), Progress.OnConsole()));
        return command;
    }

    private static int Run(AgentPaths paths, string listFile, string packageFile, Progress progress)
    {
        if (!Environment.IsPrivilegedProcess)
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

            if (AtomicFile.ReadLimited(listFile, SignedPackageList.MaximumBytes) is not { } list)
            {
                progress.Failed($"{packageFile} cannot be verified: {listFile} does not exist");
                return ExitCode.Failed;
            }

            using var file = File.OpenRead(packageFile);
            var sha256 = Convert.ToHexStringLower(SHA256.HashData(file));
            var (package, failure) = SidecarComposition.Approval(paths, settings.Settings).Approve(list, PackageChoice.AgentPackage, sha256);
            if (package is null)
                progress.Failed($"{packageFile} may not be installed: {failure}; {ByHand}");
            else
                progress.Done($"a trusted key has signed {package.NameAndVersion()}");
            return package is null ? ExitCode.Failed : ExitCode.Done;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            progress.Failed($"{packageFile} cannot be verified: {exception.Message}");
            return ExitCode.Failed;
        }
    }
}
