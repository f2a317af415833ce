using SmmAgent.Core.Settings;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Cli;

/// <summary>For commands of root's that are nothing without the host's systemd.</summary>
internal static class HostSystemd
{
    /// <param name="systemd">Null when the command cannot be; why is printed.</param>
    /// <returns>An exit code.</returns>
    public static int Open(AgentPaths paths, string command, Progress progress, out SystemdManager? systemd)
    {
        systemd = null;
        if (!Environment.IsPrivilegedProcess)
        {
            progress.Failed($"{command} changes the host: sudo smm-agent {command}");
            return ExitCode.NotPermitted;
        }

        (systemd, var why) = SystemdManager.Open(paths.Root, TimeProvider.System);
        if (systemd is not null)
            return ExitCode.Done;

        progress.Failed($"{command} needs systemd, whose timer would undo the change: {why}");
        return ExitCode.Failed;
    }
}
