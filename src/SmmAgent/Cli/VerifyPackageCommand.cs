using System.CommandLine;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Upgrade;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent verify-package</c>: the install script runs it before an upgrade of the agent.</summary>
internal static class VerifyPackageCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var list = new Option<string>("--list") { Description = "the dashboard's signed package list", HelpName = "FILE", Required = true };
        var package = new Argument<string>("PACKAGE") { Description = "the file of a package of smm-agent" };
        var command = new Command("verify-package", "Verify that a signed package list names a package of smm-agent.") { list, package };
        command.Hidden = true;
        command.SetAction(parsed =>
            new PackageVerification(paths(parsed), Progress.OnConsole(), TimeProvider.System, Environment.IsPrivilegedProcess)
                .Run(parsed.GetRequiredValue(list), parsed.GetRequiredValue(package)));
        return command;
    }
}
